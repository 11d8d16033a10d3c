namespace OciImage.Architecture.Tests;

/// <summary>Holds the library to the table in docs/architecture.md: data flows one way, so uses do too.</summary>
public sealed class NamespaceRuleTests
{
    // What each namespace may use besides itself and the base class library.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["OciImage"] = ["OciImage.Json"],
        ["OciImage.Json"] = ["OciImage"],
        ["OciImage.Linux"] = ["OciImage"],
        ["OciImage.Tar"] = ["OciImage"],
        ["OciImage.Compression"] = ["OciImage", "SharpCompress"],
        ["OciImage.Content"] = ["OciImage", "OciImage.Json", "OciImage.Compression"],
        ["OciImage.Layout"] =
            ["OciImage", "OciImage.Json", "OciImage.Linux", "OciImage.Content", "OciImage.Tar", "OciImage.Compression"],
        ["OciImage.Registry"] = ["OciImage", "OciImage.Json", "OciImage.Content", "Polly", "Tomlyn"],
        ["OciImage.Layers"] =
            ["OciImage", "OciImage.Linux", "OciImage.Content", "OciImage.Tar", "OciImage.Compression"],
        ["OciImage.Bundles"] = ["OciImage", "OciImage.Json", "OciImage.Linux", "OciImage.Layers", "OciImage.Images"],
        ["OciImage.Images"] =
            ["OciImage", "OciImage.Json", "OciImage.Content", "OciImage.Layers", "OciImage.Compression", "OciImage.Tar"],
    };

    private static readonly string LibraryPath = typeof(Digest).Assembly.Location;

    [Fact]
    public void Namespaces_UseOnlyWhatTheTableAllows()
    {
        using var library = new AssemblyDependencies(LibraryPath);

        string[] violations =
        [
            .. library.Uses()
                .Select(use => (
                    use.From, use.To, FromFolder: Folder(use.From), ToFolder: Folder(use.To)))
                .Where(use => use.FromFolder is not null && use.ToFolder is not null && use.ToFolder != use.FromFolder &&
                    Allowed.TryGetValue(use.FromFolder, out string[]? allowed) && !allowed.Contains(use.ToFolder))
                .Select(use => $"{use.From} → {use.To}")
                .Order(StringComparer.Ordinal),
        ];

        Assert.Empty(violations);
    }

    [Fact]
    public void Namespaces_AreAllInTheTable()
    {
        string[] unknown =
        [
            .. typeof(Digest).Assembly.GetTypes()
                .Select(type => Folder(type.FullName!))
                .OfType<string>()
                .Distinct()
                .Where(folder => folder.StartsWith("OciImage", StringComparison.Ordinal) && !Allowed.ContainsKey(folder)),
        ];

        Assert.Empty(unknown);
    }

    [Fact]
    public void Library_ReferencesNoLoggingInjectionOrConsole()
    {
        using var library = new AssemblyDependencies(LibraryPath);

        string[] forbidden =
        [
            .. library.References.Where(name =>
                name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) ||
                name is "System.Console" or "System.Formats.Tar" or "Microsoft.AspNetCore"),
        ];

        Assert.Empty(forbidden);
    }

    // "OciImage.Registry.Auth.Challenge" belongs to OciImage.Registry; null for the base class library.
    private static string? Folder(string type)
    {
        string[] parts = AssemblyDependencies.NamespaceOf(type).Split('.');

        return parts[0] switch
        {
            "OciImage" => string.Join('.', parts.Take(2)),
            "System" or "Microsoft" or "" => null,
            _ => parts[0],
        };
    }
}
