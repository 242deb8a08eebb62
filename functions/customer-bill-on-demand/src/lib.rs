//! The `customerBillOnDemand` resource: requests to make a bill (TMF678).

function::serve_resource!(customer_bill_management::CUSTOMER_BILL_ON_DEMAND);
