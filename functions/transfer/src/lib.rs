//! `/transfer/`: all that a tenant has, as lines of JSON, for who exports or imports it.

function::serve_transfer!(customer_bill_management::EXPORTED);
