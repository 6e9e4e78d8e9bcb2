#!/bin/sh
# Make this site's own certificate authority (once) and a server certificate signed by it, for nginx (tls.conf).
#
#   make-certificate.sh [-o FOLDER] [-d DAYS] [-u USER] [-n] [NAME or ADDRESS ...]
#
# Without names: those given last time; else this machine's name, the same with .local, localhost and the IP addresses
# it has now.
#   -o FOLDER  where the files are kept (default /etc/nginx/vigie/certificates)
#   -d DAYS    how long the server certificate is good, 825 at most: phones refuse longer ones (default 825)
#   -u USER    who runs nginx where that is not root, for the key (Docker: 101)
#   -n         renew only when less than 30 days are left (for a timer)
# Run it again when an address changes or before the certificate ends: the authority stays, phones need nothing new.
set -eu
umask 077

fail() { echo "make-certificate.sh: $*" >&2; exit 1; }

folder=/etc/nginx/vigie/certificates days=825 reader= when_needed=
while getopts o:d:u:nh option; do
    case $option in
        o) folder=$OPTARG ;;
        d) days=$OPTARG ;;
        u) reader=$OPTARG ;;
        n) when_needed=yes ;;
        *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; [ "$option" = h ]; exit ;;
    esac
done
shift $((OPTIND - 1))
command -v openssl >/dev/null || fail "openssl is not installed: sudo apt-get install openssl"
case $days in '' | *[!0-9]*) fail "-d $days is no number of days" ;; esac
[ "$days" -ge 1 ] && [ "$days" -le 825 ] || fail "-d $days days: phones accept 1 to 825"

if [ -n "$when_needed" ] && openssl x509 -checkend 2592000 -noout -in "$folder/server.crt" >/dev/null 2>&1; then
    exit 0
fi
if [ $# -eq 0 ] && [ -s "$folder/names" ]; then
    # shellcheck disable=SC2046
    set -- $(cat "$folder/names")
elif [ $# -gt 0 ]; then
    given="$*"
else
    host=$(hostname | tr '[:upper:]' '[:lower:]')
    # link-local addresses belong to no machine alone
    # shellcheck disable=SC2046
    set -- "$host" "${host%%.*}.local" localhost $(hostname -I 2>/dev/null | tr ' ' '\n' | grep -v '^fe80:' || true) 127.0.0.1
fi
names=
for name; do
    case $name in
        *[!A-Za-z0-9.:-]* | '' | -*) fail "'$name' is neither a host name nor an IP address" ;;
        *:*) names="$names,IP:$name" ;;
        *[!0-9.]*) names="$names,DNS:$name" ;;
        *) names="$names,IP:$name" ;;
    esac
done
names=${names#,}

(umask 022 && mkdir -p "$folder") # nginx reads the folders above as www-data
work=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -e "$folder/ca.key" ] && [ ! -e "$folder/ca.crt" ]; then
    cat >"$work/ca.cnf" <<END
[req]
prompt = no
distinguished_name = name
x509_extensions = authority
[name]
CN = Vigie $(hostname | tr -cd 'A-Za-z0-9.-' | cut -c1-40), made $(date +%F)
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
    openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
        -config "$work/ca.cnf" -keyout "$work/ca.key" -out "$work/ca.crt" 2>"$work/said" || fail "$(cat "$work/said")"
    chmod 644 "$work/ca.crt"
    mv "$work/ca.key" "$work/ca.crt" "$folder/"
    is_new=yes
elif [ ! -e "$folder/ca.key" ] || [ ! -e "$folder/ca.crt" ]; then
    fail "$folder has only half of the authority: bring back ca.key and ca.crt, or remove what is left of them"
elif ! openssl x509 -checkend $((days * 86400)) -noout -in "$folder/ca.crt" >/dev/null; then
    fail "the authority ends before the new certificate would ($(openssl x509 -enddate -noout -in "$folder/ca.crt")): \
give fewer days with -d, or remove ca.key and ca.crt and install the new ca.crt on every phone"
fi

cat >"$work/server.cnf" <<END
[req]
prompt = no
distinguished_name = name
[name]
CN = $(printf %.64s "$1")
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $names
END
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
        -config "$work/server.cnf" -keyout "$work/server.key" -out "$work/server.csr" &&
        openssl x509 -req -in "$work/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -sha256 -days "$days" \
            -set_serial "0x00$(openssl rand -hex 16)" -extfile "$work/server.cnf" -extensions server -out "$work/server.crt" &&
        openssl verify -CAfile "$folder/ca.crt" "$work/server.crt"
} >"$work/said" 2>&1 || fail "$(cat "$work/said")"
chmod 644 "$work/server.crt"
[ -z "$reader" ] || chown "$reader" "$work/server.key"
mv "$work/server.key" "$work/server.crt" "$folder/"
[ -z "${given:-}" ] || echo "$given" >"$folder/names"

fingerprint=$(openssl x509 -fingerprint -sha256 -noout -in "$folder/ca.crt" | cut -d= -f2)
echo "Certificate for $names"
echo "  in $folder, until $(openssl x509 -enddate -noout -in "$folder/server.crt" | cut -d= -f2)"
echo "  make nginx read it: systemctl reload nginx (Docker: docker compose restart nginx)"
echo "Authority ca.crt, SHA-256 $fingerprint"
[ -n "${is_new:-}" ] || { echo "  unchanged: phones that trust it need nothing new"; exit 0; }
cat <<END
  Install it once on every phone and computer; it is at http://$1/vigie-ca.crt
    Android   download it, then Settings > Security > Encryption & credentials > Install a certificate > CA certificate
    iPhone    open it in Safari, install the profile in Settings, then General > About > Certificate Trust Settings: on
    Windows   double-click, Install, Local machine, "Trusted Root Certification Authorities"
    Debian    copy it to /usr/local/share/ca-certificates/vigie.crt, then update-ca-certificates
  Keep ca.key secret: whoever has it can pretend to be any site to these devices.
END
