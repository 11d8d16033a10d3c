using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace OciImage.Architecture.Tests;

/// <summary>Holds the README to what compiles and exists.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Root = FindRoot();
    private static readonly string Readme = File.ReadAllText(Path.Combine(Root, "README.md"));

    [Fact]
    public void CodeBlock_StandsInTheSampleThatCompiles()
    {
        string block = CSharpBlock().Match(Readme).Groups[1].Value;

        Assert.NotEmpty(block);
        Assert.Contains(block, File.ReadAllText(Path.Combine(Root, "samples/PullAndUnpack/Program.cs")), StringComparison.Ordinal);
    }

    [Fact]
    public void Links_PointToFilesThatExist()
    {
        string[] missing =
        [
            .. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Append(Path.Combine(Root, "README.md"))
                .SelectMany(page => Link().Matches(File.ReadAllText(page))
                    .Select(match => match.Groups[1].Value)
                    .Where(link => !link.Contains("://", StringComparison.Ordinal))
                    .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, link.Split('#')[0])))
                    .Select(link => $"{Path.GetRelativePath(Root, page)} → {link}")),
        ];

        Assert.Empty(missing);
    }

    private static string FindRoot([CallerFilePath] string file = "") =>
        AncestorsOf(AppContext.BaseDirectory).Concat(AncestorsOf(file))
            .First(directory => File.Exists(Path.Combine(directory, "OciImage.sln")));

    private static IEnumerable<string> AncestorsOf(string path)
    {
        for (string? directory = path; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            yield return directory;
        }
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"\]\(([^)#][^)]*)\)")]
    private static partial Regex Link();
}
