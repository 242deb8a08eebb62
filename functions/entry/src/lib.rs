//! Entry documents of the APIs, and the answer at every path that leads to nothing.

function::serve_entry!(
    account_management::ACCOUNT_MANAGEMENT,
    customer_bill_management::CUSTOMER_BILL_MANAGEMENT
);
