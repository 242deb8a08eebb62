//! `/docs/`: the APIs, to be read and tried in a browser.

use function::Site;
use tmf630::settings::API_PAGE;

const SITE: Site = Site { base: "/docs", files: &include!(concat!(env!("OUT_DIR"), "/files.rs")) };

/// Swagger UI draws with styles of its own and pictures in the page; no script is but in its file, and
/// nothing is sent but to where the page is from.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; form-action 'none'; \
                      frame-ancestors 'none'; base-uri 'none'";

function::serve_site!(SITE, POLICY, API_PAGE);
