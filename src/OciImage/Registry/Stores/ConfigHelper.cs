namespace OciImage.Registry.Stores;

/// <summary>A helper that a file names.</summary>
/// <param name="Name">The name, which is one.</param>
/// <param name="IsOfRegistry">Whether it is named for this registry (<c>credHelpers</c>) rather than for all (<c>credsStore</c>).</param>
internal readonly record struct ConfigHelper(string Name, bool IsOfRegistry);
