using System.Text.RegularExpressions;

namespace OciImage.Architecture.Tests;

/// <summary>A page that says what is tested names tests that exist.</summary>
public sealed partial class DocumentedTestsTests
{
    [Theory]
    [InlineData("registry.md", 50)]
    [InlineData("layout.md", 20)]
    [InlineData("layers.md", 50)]
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

    [Fact]
    public void Attacks_NameCasesOfTheTableThatExist()
    {
        string root = FindRoot();
        string page = File.ReadAllText(Path.Combine(root, "docs", "layers.md"));
        string attacks = page[page.IndexOf("\n## Attacks", StringComparison.Ordinal)..];
        string cases = string.Concat(Directory
            .EnumerateFiles(Path.Combine(root, "tests", "OciImage.Tests", "Layers", "Conformance", "cases"))
            .Select(File.ReadAllText));
        string[] names = [.. CaseName().Matches(attacks).Select(match => match.Groups[1].Value).Distinct()];

        string[] missing = [.. names.Where(name => !cases.Contains(
            name.EndsWith('…') ? $"\"id\": \"{name.TrimEnd('…')}" : $"\"id\": \"{name}\"", StringComparison.Ordinal))];

        Assert.True(names.Length > 50);
        Assert.Empty(missing);
        Assert.Equal(
            [25, 15, 16, 12, 13],
            new[] { 'P', 'L', 'W', 'X', 'D' }.Select(letter => Regex.Count(attacks, $@"^\| {letter}\d\d \|.*`", RegexOptions.Multiline)));
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
    [GeneratedRegex("`([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*_[A-Za-z0-9_]*…?)`")]
    private static partial Regex TestName();

    // `small-letters`, with … for the rest.
    [GeneratedRegex("`([a-z0-9]+(?:-[a-z0-9]+)*(?:-…)?)`")]
    private static partial Regex CaseName();
}
