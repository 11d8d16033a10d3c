namespace OciImage.Registry;

/// <summary>What a user proves itself with. The text form shows no secret.</summary>
/// <param name="Username">The name, or <see langword="null"/>.</param>
/// <param name="Password">The password, or <see langword="null"/>.</param>
/// <param name="IdentityToken">A refresh token that buys access tokens, or <see langword="null"/>.</param>
/// <param name="RegistryToken">An access token that is sent as it is, or <see langword="null"/>.</param>
public sealed record RegistryCredential(
    string? Username, string? Password, string? IdentityToken = null, string? RegistryToken = null)
{
    /// <summary>Gets where the credential comes from, for messages, such as the path of a file.</summary>
    public string Source { get; init; } = "the caller";

    internal string? Hint { get; init; }

    internal bool IsEmpty => (Username is null || Password is null) && IdentityToken is null && RegistryToken is null;

    /// <summary>Returns the name and the source, and no secret.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Username ?? "a token"} from {Source}";
}
