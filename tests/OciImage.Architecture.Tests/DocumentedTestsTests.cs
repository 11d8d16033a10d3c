using System.Text.RegularExpressions;

namespace OciImage.Architecture.Tests;

/// <summary>A page that says what is tested names tests that exist.</summary>
public sealed partial class DocumentedTestsTests
{
    [Theory]
    [InlineData("registry.md", 50)]
    [InlineData("layout.md", 20)]
    public void Pages_NameTestsThatExist(string file, int atLeast)
    {
        string root = FindRoot();
        string page = File.ReadAllText(Path.Combine(root, "docs", file));
        string tests = string.Concat(Directory
            .EnumerateFiles(Path.Combine(root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        string[] names = [.. TestName().Matches(page).Select(match => match.Groups[1].Value).Distinct()];

        string[] missing = [.. names.Where(name => !tests.Contains(
            name.EndsWith('…') ? $" {name.TrimEnd('…')}" : $" {name}(", StringComparison.Ordinal))];

        Assert.True(names.Length > atLeast);
        Assert.Empty(missing);
    }

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "OciImage.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run below the solution.");
    }

    // `Member_WhatHappens`, with … for the rest.
    [GeneratedRegex("`([A-Z][A-Za-z0-9]+_[A-Za-z0-9_]*…?)`")]
    private static partial Regex TestName();
}
