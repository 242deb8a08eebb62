//! Entry documents of the APIs, and the answer at every path that leads to nothing.

function::serve_entry!(
    account_management::ACCOUNT_MANAGEMENT,
    customer_bill::CUSTOMER_BILL_MANAGEMENT
);
