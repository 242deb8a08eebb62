//! The `customerBill` resource: bills (TMF678).

function::serve_resource!(customer_bill_management::CUSTOMER_BILL);
