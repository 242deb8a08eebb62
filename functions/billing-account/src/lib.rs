//! The `billingAccount` resource: an account of a party that bills are issued for (TMF666).

function::serve_resource!(account_management::BILLING_ACCOUNT);
