namespace OciImage.Bundles;

/// <summary>A line of <c>/etc/passwd</c>.</summary>
internal sealed record Account(uint Uid, uint Gid, string? Home);
