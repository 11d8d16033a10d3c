using System.Text;
using OciImage.Registry.Hosts;

namespace OciImage.Fuzz.Targets;

/// <summary>containerd's <c>hosts.toml</c>.</summary>
public sealed class HostsFileTarget : FuzzTarget
{
    /// <inheritdoc/>
    public override string Name => "hosts.toml";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
    [
        "server = ", "[host.\"https://a.test\"]\n", "[host.'http://b.test:5000/v2'.header]\n", "capabilities = [\"pull\", \"resolve\", \"push\"]\n",
        "ca = [\"a.crt\"]\n", "client = [[\"a.cert\", \"a.key\"]]\n", "skip_verify = true\n", "override_path = true\n", "dial_timeout = \"1s\"\n",
        "\"", "'", "\"\"\"", "[[", "]]", "{", "}", "=", "\n", "#", "\\u00e9", "1e999", "1979-05-27", "true",
    ];

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        HostsFile file;
        try
        {
            file = HostsFileParser.Parse(Encoding.UTF8.GetString(input), "/test/hosts.toml");
        }
        catch (DocumentFormatException exception)
        {
            Refusal.Check(exception, "hidden");
            return;
        }

        foreach (HostsFileEntry entry in file.Hosts.Append(file.Server))
        {
            BrokenPromiseException.Unless(entry.ApiPath is ['/', ..] and [.., '/'], "A path has no slash at both ends.");
            BrokenPromiseException.Unless(entry.DialTimeout is null || entry.DialTimeout > TimeSpan.Zero, "A time-out is none.");
            BrokenPromiseException.Unless(
                entry.Headers.All(header => HostHeaders.FaultOf(header.Key, header.Value) is null), "A header field may not be sent.");
            BrokenPromiseException.Unless(
                entry.Address is null || ReferenceGrammar.IsRegistry(entry.Address.Host), "A host is none.");
        }
    }
}
