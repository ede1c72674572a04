# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# "selftests/run migrate": what both machines do at first.  Sourced, never run.

# join NAME: in the network as that, with the other one's name known
join() {
	local names address=10.0.0.1
	[ "$1" = here ] || address=10.0.0.2
	mkdir -p /root/.ssh /run/sshd
	cp -r modules/lib/modules/. /lib/modules/
	mapfile -t names <modules/names
	modprobe -a "${names[@]}"
	ip address add $address/24 dev eth0
	ip link set eth0 up
	printf '%s\n' '10.0.0.1 here' '10.0.0.2 there' >>/etc/hosts
	# Nobody else is in this network: the two let each other in as they are.
	sed -i 's/^root:[^:]*:/root::/' /etc/passwd
	echo 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin' >>/etc/passwd
	printf '%s\n' 'StrictHostKeyChecking no' 'UserKnownHostsFile /dev/null' \
		'LogLevel ERROR' 'BatchMode yes' 'ConnectTimeout 60' >/root/.ssh/config
	ssh-keygen -q -t ed25519 -N '' -f /run/hostkey
	/usr/sbin/sshd -f /dev/null -h /run/hostkey -o PermitRootLogin=yes \
		-o PermitEmptyPasswords=yes -o UseDNS=no -o LoginGraceTime=0
}
