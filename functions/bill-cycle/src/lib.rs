//! The `billCycle` resource: runs of billing cycles (TMF678).

function::serve_resource!(customer_bill_management::BILL_CYCLE);
