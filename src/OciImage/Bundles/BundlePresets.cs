namespace OciImage.Bundles;

/// <summary>Holds what each preset gives a container.</summary>
internal static class BundlePresets
{
    // What Docker leaves to a container's root.
    private static readonly string[] Capabilities =
    [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
        "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ];

    private static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    private static readonly string[] ReadonlyPaths =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    private static readonly RuntimeMount Proc = Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev");

    private static readonly RuntimeMount Dev =
        Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");

    private static readonly RuntimeMount Shm =
        Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k");

    private static readonly RuntimeMount Queues =
        Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");

    /// <summary>Returns the capabilities of the process, or <see langword="null"/> for none.</summary>
    public static RuntimeCapabilities? GetCapabilities(BundlePreset preset) => preset == BundlePreset.Minimal
        ? null
        : new RuntimeCapabilities { Bounding = Capabilities, Effective = Capabilities, Permitted = Capabilities };

    public static IReadOnlyList<RuntimeRlimit> GetRlimits(BundlePreset preset) => preset == BundlePreset.Default
        ? [new RuntimeRlimit { Type = "RLIMIT_NOFILE", Hard = 1024, Soft = 1024 }]
        : [];

    public static IReadOnlyList<RuntimeMount> GetMounts(BundlePreset preset) => preset switch
    {
        BundlePreset.Minimal => [Proc, Dev],
        BundlePreset.Rootless =>
        [
            Proc, Dev,
            // The group of terminals is not one that the caller's namespace has.
            Pts(), Shm, Queues,
            // A new one can only be mounted with a network namespace of its own.
            Mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"),
        ],
        _ =>
        [
            Proc, Dev, Pts("gid=5"), Shm, Queues,
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        ],
    };

    /// <summary>Returns what the container has of Linux, without mappings of users.</summary>
    public static RuntimeLinux GetLinux(BundlePreset preset) => preset switch
    {
        BundlePreset.Minimal => new RuntimeLinux { Namespaces = Namespaces("pid", "ipc", "uts", "mount") },
        BundlePreset.Rootless => new RuntimeLinux
        {
            Namespaces = Namespaces("pid", "ipc", "uts", "mount", "user"),
            MaskedPaths = MaskedPaths,
            ReadonlyPaths = ReadonlyPaths,
        },
        _ => new RuntimeLinux
        {
            Resources = new RuntimeResources { Devices = [new RuntimeDeviceRule { Allow = false, Access = "rwm" }] },
            Namespaces = Namespaces("pid", "network", "ipc", "uts", "mount", "cgroup"),
            MaskedPaths = MaskedPaths,
            ReadonlyPaths = ReadonlyPaths,
        },
    };

    public static RuntimeMount Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };

    private static RuntimeMount Pts(params string[] more) => Mount(
        "/dev/pts", "devpts", "devpts",
        ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", .. more]);

    private static RuntimeNamespace[] Namespaces(params string[] types) =>
        [.. types.Select(type => new RuntimeNamespace { Type = type })];
}
