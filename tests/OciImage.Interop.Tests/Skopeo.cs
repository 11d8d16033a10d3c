using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>Copies with skopeo, without TLS and without a system-wide policy.</summary>
internal static class Skopeo
{
    public static Task CopyAsync(DebianImage image, string source, string destination, string? digestFile = null) =>
        Peer.Require("skopeo").RunOkAsync(
        [
            "--policy", image.Policy, "copy", "-q", "--all", "--preserve-digests",
            "--src-tls-verify=false", "--dest-tls-verify=false",
            .. digestFile is null ? (string[])[] : ["--digestfile", digestFile],
            source, destination,
        ]);
}
