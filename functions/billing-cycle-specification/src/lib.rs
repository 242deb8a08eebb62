//! The `billingCycleSpecification` resource: when bills are made (TMF666).

function::serve_resource!(account_management::BILLING_CYCLE_SPECIFICATION);
