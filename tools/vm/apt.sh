# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian 12's packages and its backports through an apt configuration of our
# own: nothing of the developer's system is changed, no right is needed, and
# a package can be had whatever is installed.  Sourced after lib.sh.

APT=$CACHE/apt

# The system's own sources say which mirror to use and where its security
# archive is; only the suite of the backports is added.
apt_sources() {
	local targets main signed=
	# shellcheck disable=SC2016 # apt's own variables
	targets=$(apt-get indextargets \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' | sort -u)
	main=$(awk '$2 == "bookworm" && $3 == "main" { print $1; exit }' <<<"$targets")
	# Not a Debian 12: its mirror has Debian 12 all the same.
	[ -n "$main" ] ||
		main=$(awk '$1 ~ "/debian/?$" { print $1; exit }' <<<"$targets")
	[ -n "$main" ] || die "apt's sources name no Debian mirror (see sources.list(5))"
	if [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
		signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	fi
	{
		printf '%s bookworm main\n' "$main"
		printf '%s bookworm-backports main\n' "$main"
		awk '$2 ~ "^bookworm-(security|updates)$" && $3 == "main"' <<<"$targets"
	} | sort -u | sed "s|^|deb $signed |"
}

apt_configure() {
	mkdir -p "$APT/lists/partial" "$APT/archives/partial"
	: >"$APT/status"
	apt_sources >"$APT/sources.list.new"
	mv "$APT/sources.list.new" "$APT/sources.list"
	cat >"$APT/apt.conf" <<-END
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear DPkg::Post-Invoke;
		Dir::Etc::sourcelist "$APT/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$APT";
		Dir::State::lists "$APT/lists";
		Dir::State::status "$APT/status";
		Dir::Cache "$APT";
		Dir::Cache::archives "$APT/archives";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "";
		Debug::NoLocking "true";
	END
}

# Everything below is called with the lock "apt" held: see with_apt.
with_apt() { with_lock apt "$@"; }

apt_update() {
	apt_configure
	note "reading the package lists of Debian 12 and its backports"
	apt-get -c "$APT/apt.conf" -qq -o APT::Update::Error-Mode=any update >&2 &&
		touch "$APT/updated"
}

apt_ready() { [ -e "$APT/updated" ] || apt_update; }

# apt_debs DIR PACKAGE[=VERSION]...: the packages' files in DIR, no dependencies
apt_debs() {
	local dir=$1
	shift
	apt_ready
	(cd "$dir" && apt-get -c "$APT/apt.conf" -qq download "$@" >&2)
}

# apt_closure DIR PACKAGE...: the packages and all they depend on in DIR
apt_closure() {
	local dir=$1
	shift
	apt_ready
	rm -f "$APT"/archives/*.deb
	apt-get -c "$APT/apt.conf" -qq -y --download-only install "$@" >&2 &&
		mv "$APT"/archives/*.deb "$dir"
}
