//! The `hub` resource: subscriptions to events (TMF666 and TMF678).

function::serve_resource!(account_management::HUB, customer_bill_management::HUB);
