//! `POST /maintenance`: goes on with what was interrupted, for who calls it each so often.

function::serve_maintenance!(customer_bill_management::JOBS);
