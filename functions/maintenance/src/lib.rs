//! `POST /maintenance`: goes on with what was interrupted, for who calls it each so often.

function::serve_maintenance!(
    customer_bill_management::JOBS,
    account_management::ACCOUNT_MANAGEMENT,
    customer_bill_management::CUSTOMER_BILL_MANAGEMENT
);
