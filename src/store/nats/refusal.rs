//! Why a server could not be connected to, in a sentence that names the option that helps.

use super::sign::expired;
use crate::limits::NATS_ANSWER_MS;
use crate::store::address::{Address, InText, Server};
use async_nats::rustls::{self, AlertDescription, CertificateError};
use async_nats::{ConnectError, ConnectErrorKind};
use std::error::Error;

/// Why `server` could not be connected to.
pub(super) fn reason(error: &ConnectError, server: &Server, address: &Address) -> String {
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation => return sign_in(address),
        ConnectErrorKind::Authentication => return format!("the sign-in cannot be signed: {}", innermost(error)),
        ConnectErrorKind::TimedOut => {
            return format!("no answer within {} s; is a nats-server running there?", NATS_ANSWER_MS / 1000);
        }
        ConnectErrorKind::Dns => return format!("`{}` has no address: {}", server.host, innermost(error)),
        _ => {}
    }
    if let Some(tls) = of_tls(error) {
        return encryption(tls, server, address);
    }
    let text = innermost(error);
    if text.contains("could not load platform certs") {
        return format!("the certificates of this system cannot be read ({text}): the option `ca` names others");
    }
    if text.contains("could not add certificate or key") {
        return "the files of the options `cert` and `key` do not belong together".to_owned();
    }
    // A server that misses a certificate may hang up before its alert is read.
    if address.demands_tls() && address.cert.is_none() && hangs_up(&text) {
        return format!("it hung up; if it wants a certificate of yours, the options `cert` and `key` name it ({text})");
    }
    if text.contains("expected INFO") {
        return format!("no nats-server listens there ({text})");
    }
    format!("{text}; is a nats-server running there?")
}

fn hangs_up(text: &str) -> bool {
    ["roken pipe", "onnection reset", "close_notify"].iter().any(|part| text.contains(part))
}

fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// What went wrong with encryption, if that is it.
fn of_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // The source of an I/O error is not what it wraps.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn sign_in(address: &Address) -> String {
    match (&address.sign_in, &address.creds, &address.nkey) {
        (Some(InText::Password { .. }), ..) => "it refuses the user or the password (authorization violation)".to_owned(),
        (Some(InText::Token(_)), ..) => "it refuses the token (authorization violation)".to_owned(),
        (_, Some(file), _) => match expired(file) {
            Some(end) => format!("the JWT in `{}` expired at {end}: get a new creds file", file.display()),
            None => format!("it does not know the user of `{}`, or no longer (authorization violation)", file.display()),
        },
        (_, _, Some(file)) => format!("it does not know the nkey of `{}` (authorization violation)", file.display()),
        _ => "it wants to know who you are (authorization violation): the option `creds` or `nkey` names a file, and FLOW_STORE \
              may have `nats://USER:PASSWORD@HOST`"
            .to_owned(),
    }
}

fn encryption(error: &rustls::Error, server: &Server, address: &Address) -> String {
    use AlertDescription as Alert;
    use CertificateError as Bad;
    let host = &server.host;
    match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => match &address.ca {
            Some(file) => {
                format!("its certificate is signed by none of those in `{}`, the file of the option `ca`", file.display())
            }
            None => "its certificate is signed by nobody whom this system trusts: the option `ca` names the file with the \
                     certificate of who signed it"
                .to_owned(),
        },
        rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            format!("its certificate is not for `{host}`: write the name that it is for in the address, instead of `{host}`")
        }
        rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "its certificate has expired: the server needs a new one, or this machine's clock is wrong".to_owned()
        }
        rustls::Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "its certificate is not valid yet: this machine's clock may be wrong".to_owned()
        }
        rustls::Error::AlertReceived(Alert::CertificateRequired | Alert::HandshakeFailure) if address.cert.is_none() => {
            "it wants a certificate of yours: the options `cert` and `key` name the files".to_owned()
        }
        rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnknownCA
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRevoked
            | Alert::AccessDenied
            | Alert::UnsupportedCertificate
            | Alert::CertificateRequired,
        ) => match &address.cert {
            Some(file) => {
                let why = if matches!(error, rustls::Error::AlertReceived(Alert::CertificateExpired)) {
                    ", which has expired"
                } else {
                    ""
                };
                format!("it refuses the certificate in `{}`, the file of the option `cert`{why} ({error})", file.display())
            }
            None => format!("it wants a certificate of yours: the options `cert` and `key` name the files ({error})"),
        },
        rustls::Error::InvalidMessage(_) => {
            "it speaks no TLS: write `nats://` if that is meant, without `ca` and `cert`".to_owned()
        }
        _ => format!("no TLS connection: {error}"),
    }
}
