//! The `appliedCustomerBillingRate` resource: bill items (TMF678).

function::serve_resource!(customer_bill_management::APPLIED_CUSTOMER_BILLING_RATE);
