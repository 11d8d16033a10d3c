using OciImage.Layers;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>The conformance table says what it must, in the form that docs/layer-conformance.md describes.</summary>
public sealed class LayerConformanceTableTests
{
    [Fact]
    public void Table_HasEnoughCases_EachWithAnIdAndAReason()
    {
        LayerCase[] cases = [.. CaseFile.Files().SelectMany(path => CaseFile.Read(path).Cases)];

        Assert.True(cases.Length >= 120, $"{cases.Length} cases.");
        Assert.Equal(cases.Length, cases.Select(each => each.Id).Distinct().Count());
        Assert.All(cases, each =>
        {
            Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", each.Id);
            Assert.NotEmpty(each.From);
            Assert.NotEqual("", each.Why);
            Assert.True(each.Expect.Tree is null != each.Expect.Error is null, $"'{each.Id}' expects a tree or an error.");
        });
    }

    [Fact]
    public void Table_KnowsTheClassesOfErrorsAndRemarks()
    {
        foreach (LayerCase each in CaseFile.All.Values)
        {
            string?[] errors = [each.Expect.Error, .. each.Variants.Select(variant => variant.Error)];
            IEnumerable<string> remarks = each.Expect.Remarks.Concat(each.Variants.SelectMany(variant => variant.Remarks ?? []));

            Assert.All(errors.OfType<string>(), error => Assert.True(Enum.TryParse<LayerErrorKind>(error, out _), $"{each.Id}: {error}"));
            Assert.All(remarks, remark => Assert.True(Enum.TryParse<LayerRemarkKind>(remark, out _), $"{each.Id}: {remark}"));
        }
    }

    [Fact]
    public void Table_NamesEveryDirectoryOfATree()
    {
        foreach (LayerCase each in CaseFile.All.Values.Where(each => each.Expect.Tree is not null))
        {
            IReadOnlyDictionary<string, CaseNode> tree = each.Expect.Tree!;
            string[] orphans =
            [
                .. tree.Keys.Where(path => !path.StartsWith("base64:", StringComparison.Ordinal) && !path.StartsWith('{'))
                    .Where(_ => !tree.Keys.Any(path => path.Contains("{i}", StringComparison.Ordinal)))
                    .Where(path => Path.GetDirectoryName(path) is { Length: > 0 } above && !tree.ContainsKey(above)),
            ];

            Assert.True(orphans.Length == 0, $"{each.Id}: {string.Join(' ', orphans)}");
            Assert.All(tree.Values.Select(node => node.SameAs).OfType<string>(), first => Assert.True(tree.ContainsKey(first), each.Id));
        }
    }
}
