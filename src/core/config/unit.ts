/** The systemd unit: what the worker needs, and nothing more. */

/**
 * The engine's own variables, for a program that looks for a few milliseconds and rests for seconds: the last stage of
 * its compiler is not worth its memory, and the one before only for what is run very often.
 */
export const workerVariables = { BUN_JSC_useFTLJIT: "0", BUN_JSC_thresholdForOptimizeAfterWarmUp: "20000" } as const

/**
 * `program` is the absolute path of the binary. The capabilities are those of a full view: conntrack (NET_ADMIN), other
 * network namespaces (SYS_ADMIN, SYS_PTRACE) and the descriptors of every process (SYS_PTRACE, DAC_READ_SEARCH).
 */
export const systemdUnit = (program: string): string => `[Unit]
Description=holyf-network: history of who talks to this host
Documentation=man:systemd.service(5)
After=network.target

[Service]
Type=notify
NotifyAccess=main
ExecStart=${program} daemon run
Environment=${Object.entries(workerVariables)
  .map(([name, value]) => `${name}=${value}`)
  .join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=10
TimeoutStartSec=60
TimeoutStopSec=15
WatchdogSec=10min
UMask=0027

StateDirectory=holyf-network
StateDirectoryMode=0750
RuntimeDirectory=holyf-network
RuntimeDirectoryMode=0750
RuntimeDirectoryPreserve=yes
LogsDirectory=holyf-network
LogsDirectoryMode=0750

# What the worker sees with, and what it may do.
CapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_READ_SEARCH
AmbientCapabilities=
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
SystemCallArchitectures=native
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes

# The runtime compiles code as it runs (no MemoryDenyWriteExecute), and the worker looks into the namespaces and
# descriptors of others (no RestrictNamespaces=net, no ProtectProc, no PrivateNetwork, no PrivateUsers).
ProtectSystem=strict
ReadWritePaths=-/var/lib/holyf-network -/var/log/holyf-network -/run/holyf-network
ProtectHome=read-only
PrivateTmp=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes

Nice=5
OOMScoreAdjust=200
TasksMax=64
MemoryMax=512M

[Install]
WantedBy=multi-user.target
`
