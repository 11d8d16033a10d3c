namespace OciImage.Registry.Hosts;

/// <summary>A <c>hosts.toml</c>.</summary>
/// <param name="Hosts">The hosts that are asked first, in the order of the file.</param>
/// <param name="Server">What is asked last.</param>
internal sealed record HostsFile(IReadOnlyList<HostsFileEntry> Hosts, HostsFileEntry Server);
