namespace OciImage.TestKit.Registry;

/// <summary>A user of a <see cref="TokenServer"/>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Password">The password.</param>
/// <param name="Scopes">
/// What the user may do, such as <c>repository:team/app:pull,push</c>; a star stands for every name, or for every action.
/// </param>
public sealed record TokenUser(string Name, string Password, params IReadOnlyList<string> Scopes);
