namespace OciImage.Bundles;

/// <summary>Says what a container gets beyond what its image says.</summary>
public enum BundlePreset
{
    /// <summary>
    /// What Docker gives: 14 capabilities, seven mounts, namespaces of its own for mounts, processes, network, IPC, host name and
    /// control groups, no devices but the usual ones, and hidden or read-only paths of the kernel.
    /// </summary>
    Default,

    /// <summary>
    /// The least that runs: no capabilities, <c>/proc</c> and <c>/dev</c>, namespaces for mounts, processes, IPC and host name. The
    /// network is the host's.
    /// </summary>
    Minimal,

    /// <summary>
    /// What a user without privileges may start: a user namespace in which root is the caller, the network of the host, <c>/sys</c> of
    /// the host read-only, and no limits by control groups.
    /// </summary>
    Rootless,
}
