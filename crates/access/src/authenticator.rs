//! The story of a request: from its header to its caller.

use std::fmt::{self, Debug, Formatter};
use std::rc::{Rc, Weak};

use crate::caller::{Caller, Tenant};
use crate::claims::Claims;
use crate::issuer::Issuer;
use crate::key_set::Signature;
use crate::known_callers::{Known, KnownCallers, TokenDigest};
use crate::outside::Outside;
use crate::refusal::Refusal;
use crate::token::{self, Token};

/// Whether callers are asked who they are.
#[derive(Debug)]
pub enum Authentication {
    /// They are not: everybody may do everything in the tenant.
    None(Tenant),
    /// They are, and show a JWT.
    Jwt(Authenticator),
}

/// Checks the tokens of a deployment.
pub struct Authenticator {
    /// The only tenant that there is, or none where a token can be for any.
    tenant: Option<Tenant>,
    issuers: Vec<Issuer>,
    callers: KnownCallers,
}

impl Authentication {
    /// Who makes a request, by the values of its headers `Authorization`.
    pub async fn caller<O: Outside>(
        &self,
        authorization: &[&[u8]],
        outside: &O,
    ) -> Result<Rc<Caller>, Refusal> {
        match self {
            Self::None(tenant) => Ok(Rc::new(Caller::anybody(tenant.clone()))),
            Self::Jwt(authenticator) => authenticator.caller(authorization, outside).await,
        }
    }
}

impl Authenticator {
    pub(crate) fn new(tenant: Option<Tenant>, issuers: Vec<Issuer>) -> Self {
        Self { tenant, issuers, callers: KnownCallers::default() }
    }

    async fn caller<O: Outside>(
        &self,
        authorization: &[&[u8]],
        outside: &O,
    ) -> Result<Rc<Caller>, Refusal> {
        let text = token::bearer(authorization)?;
        let digest = TokenDigest::of(text);
        match self.known(&digest, outside).await? {
            Some(caller) => Ok(caller),
            None => self.check(text, digest, outside).await,
        }
    }

    /// Who shows a token, if they are known, and their issuer uses the same keys as then.
    async fn known<O: Outside>(
        &self,
        digest: &TokenDigest,
        outside: &O,
    ) -> Result<Option<Rc<Caller>>, Refusal> {
        let Some(known) = self.callers.get(digest, outside.now()) else { return Ok(None) };
        let Some(issuer) = self.issuers.get(known.issuer) else { return Ok(None) };
        let keys = issuer.keys.set(outside).await?;
        if Weak::ptr_eq(&known.keys, &Rc::downgrade(&keys)) {
            return Ok(Some(known.caller));
        }
        self.callers.forget(digest);
        Ok(None)
    }

    /// Who a token is for: first who signed it, then what it says.
    async fn check<O: Outside>(
        &self,
        text: &str,
        digest: TokenDigest,
        outside: &O,
    ) -> Result<Rc<Caller>, Refusal> {
        let token = Token::parse(text).map_err(Refusal::not_valid)?;
        let mut issuers = self.issuers.iter().enumerate();
        let issuer = issuers.find(|(_, issuer)| issuer.name == token.issuer);
        let (number, issuer) = issuer.ok_or_else(|| Refusal::not_valid("iss is not trusted"))?;

        let mut keys = issuer.keys.set(outside).await?;
        let mut signature = keys.check(&token);
        // Where a token does not name its key, one that is new is seen by the signature alone.
        let may_be_new = match signature {
            Signature::UnknownKey => true,
            Signature::Wrong => token.kid.is_none(),
            Signature::Right => false,
        };
        if may_be_new && let Some(newer) = issuer.keys.newer(&keys, outside).await? {
            keys = newer;
            signature = keys.check(&token);
        }
        match signature {
            Signature::Right => {}
            Signature::Wrong => return Err(Refusal::not_valid("the signature is wrong")),
            Signature::UnknownKey => return Err(Refusal::not_valid("its key is unknown")),
        }

        let now = outside.now();
        let claims = Claims(&token.claims);
        let period = claims.check(&issuer.audiences, now)?;
        let caller = Rc::new(claims.caller(issuer, self.tenant.as_ref())?);
        self.callers.insert(digest, Known::new(caller.clone(), number, &keys, now, period));
        Ok(caller)
    }
}

impl Debug for Authenticator {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let issuers: Vec<_> = self.issuers.iter().map(|issuer| &issuer.name).collect();
        let mut debug = formatter.debug_struct("Authenticator");
        debug.field("tenant", &self.tenant).field("issuers", &issuers).finish_non_exhaustive()
    }
}
