namespace OciImage.Registry;

/// <summary>What a user proves itself with. The text form shows no secret.</summary>
/// <param name="Username">The name, or <see langword="null"/>.</param>
/// <param name="Password">The password, or <see langword="null"/>.</param>
/// <param name="IdentityToken">A refresh token that buys access tokens, or <see langword="null"/>.</param>
/// <param name="RegistryToken">An access token that is sent as it is, or <see langword="null"/>.</param>
public sealed record RegistryCredential(
    string? Username, string? Password, string? IdentityToken = null, string? RegistryToken = null)
{
    /// <summary>Gets where the credential comes from, for messages, such as the path of a file and the entry in it.</summary>
    /// <value>The default value is <c>the caller</c>.</value>
    public string Source { get; init; } = "the caller";

    // Where a credential was looked for in vain, for messages.
    internal string? Hint { get; init; }

    /// <summary>Gets whether there is nothing to prove anything with, neither a name with a password nor a token: the question is asked
    /// anonymously.</summary>
    public bool IsEmpty => (Username is null || Password is null) && IdentityToken is null && RegistryToken is null;

    /// <summary>Returns the name and the source, and no secret.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Username ?? "a token"} from {Source}";
}
