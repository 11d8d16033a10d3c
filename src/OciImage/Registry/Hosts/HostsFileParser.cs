namespace OciImage.Registry.Hosts;

/// <summary>Understands containerd's <c>hosts.toml</c>.</summary>
/// <param name="directory">The directory of the file, which its relative paths start from.</param>
internal sealed class HostsFileParser(string directory)
{
    private const int MaxFiles = 256;
    private const RegistryCapabilities Everything =
        RegistryCapabilities.Pull | RegistryCapabilities.Resolve | RegistryCapabilities.Push;

    // As long as a client's time-outs may be.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(1);

    /// <summary>Parses a file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="path">Its path.</param>
    /// <exception cref="DocumentFormatException">The text is no <c>hosts.toml</c>.</exception>
    public static HostsFile Parse(string text, string path) =>
        new HostsFileParser(Path.GetDirectoryName(path) ?? "").Read(TomlDocument.Parse(text, path));

    private HostsFile Read(TomlSection root)
    {
        var hosts = new List<HostsFileEntry>();
        foreach ((string key, TomlEntry entry) in root.Section("host")?.Entries ?? [])
        {
            var section = entry.Value as TomlSection ?? throw root.Fault(entry.Line, "what stands in 'host' is no table");
            hosts.Add(ReadEntry(section, Address(section, entry.Line, key)));
        }

        string? server = root.NonEmptyText("server");

        return new HostsFile(hosts, ReadEntry(root, server is null ? null : Address(root, root.LineOf("server"), server)));
    }

    private static HostAddress Address(TomlSection section, int line, string text) =>
        HostAddress.Parse(text, out string fault) ?? throw section.Fault(line, fault);

    private HostsFileEntry ReadEntry(TomlSection section, HostAddress? address)
    {
        if (section.NonEmptyText("proxy") is not null)
        {
            // To go without would be to go where the file says not to.
            throw section.FaultAt("proxy", "a proxy of one host is not supported; HTTPS_PROXY and NO_PROXY are");
        }

        return new HostsFileEntry
        {
            Address = address,
            OverridesPath = section.Flag("override_path") ?? false,
            Capabilities = ReadCapabilities(section),
            Authorities = ReadAuthorities(section),
            Clients = ReadClients(section),
            SkipsVerification = section.Flag("skip_verify"),
            Headers = ReadHeaders(section),
            DialTimeout = ReadTimeout(section),
        };
    }

    // Nothing said, or an empty list, is everything.
    private static RegistryCapabilities ReadCapabilities(TomlSection section)
    {
        RegistryCapabilities all = RegistryCapabilities.None;
        foreach (string text in section.Texts("capabilities") ?? [])
        {
            all |= text.ToLowerInvariant() switch
            {
                "pull" => RegistryCapabilities.Pull,
                "resolve" => RegistryCapabilities.Resolve,
                "push" => RegistryCapabilities.Push,
                _ => throw section.FaultAt("capabilities", $"'{Excerpt.Of(text)}' is none of pull, resolve and push"),
            };
        }

        return all == RegistryCapabilities.None ? Everything : all;
    }

    private List<string> ReadAuthorities(TomlSection section) => section.Find("ca") switch
    {
        null => [],
        { Value: string path } entry => [PathOf(section, entry.Line, path)],
        { Value: List<TomlEntry> list } => [.. Bounded(section, "ca", list)
            .Select(item => PathOf(section, item.Line, section.TextOf(item, "ca")))],
        _ => throw section.FaultAt("ca", "'ca' is neither a path nor an array of paths"),
    };

    private List<ClientCertificateFiles> ReadClients(TomlSection section) => section.Find("client") switch
    {
        null => [],
        { Value: string path } entry => [new ClientCertificateFiles(PathOf(section, entry.Line, path), null)],
        { Value: List<TomlEntry> list } => [.. Bounded(section, "client", list).Select(item => ReadClient(section, item))],
        _ => throw section.FaultAt("client", "'client' is neither a path nor an array of paths or of pairs of paths"),
    };

    private ClientCertificateFiles ReadClient(TomlSection section, TomlEntry item)
    {
        if (item.Value is string path)
        {
            return new ClientCertificateFiles(PathOf(section, item.Line, path), null);
        }

        if (item.Value is not List<TomlEntry> { Count: 2 } pair)
        {
            throw section.Fault(item.Line, "what stands in 'client' is neither a path nor a pair of paths");
        }

        string key = section.TextOf(pair[1], "client");

        return new ClientCertificateFiles(
            PathOf(section, pair[0].Line, section.TextOf(pair[0], "client")),
            key.Length == 0 ? null : PathOf(section, pair[1].Line, key));
    }

    private static List<TomlEntry> Bounded(TomlSection section, string key, List<TomlEntry> list) => list.Count <= MaxFiles
        ? list
        : throw section.FaultAt(key, $"'{key}' names more than {MaxFiles} files");

    private string PathOf(TomlSection section, int line, string path) => path.Length == 0 || path.Contains('\0', StringComparison.Ordinal)
        ? throw section.Fault(line, "a path is empty or has a NUL")
        : Path.Combine(directory, path);

    private static Dictionary<string, string> ReadHeaders(TomlSection section)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        TomlSection? table = section.Section("header");
        foreach ((string name, TomlEntry entry) in table?.Entries ?? [])
        {
            // Several values of one field are one list with commas (RFC 9110, 5.3).
            string? value = entry.Value switch
            {
                string text => text,
                List<TomlEntry> list => string.Join(", ", list.Select(item => table!.TextOf(item, "header"))),
                _ => null,
            };
            string? fault =
                value is null ? $"the value of the header field '{Excerpt.Of(name)}' is neither a text nor an array of texts" :
                headers.Count == HostHeaders.MaxCount ? $"there are more than {HostHeaders.MaxCount} header fields" :
                HostHeaders.FaultOf(name, value);
            if (fault is not null || !headers.TryAdd(name, value!))
            {
                throw section.Fault(entry.Line, fault ?? $"the header field '{name}' is there twice");
            }
        }

        return headers;
    }

    private static TimeSpan? ReadTimeout(TomlSection section)
    {
        if (section.NonEmptyText("dial_timeout") is not { } text)
        {
            return null;
        }

        TimeSpan timeout = GoDuration.Parse(text) ?? throw section.FaultAt(
            "dial_timeout", $"'{Excerpt.Of(text)}' is no duration such as '1s' or '300ms'");

        return timeout < TimeSpan.Zero ? throw section.FaultAt("dial_timeout", "'dial_timeout' is negative")
            : timeout == TimeSpan.Zero || timeout > LongestTimeout ? LongestTimeout // Go takes zero for no limit
            : timeout;
    }
}
