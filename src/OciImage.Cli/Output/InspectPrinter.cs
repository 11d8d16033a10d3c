using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace OciImage.Cli.Output;

/// <summary>Writes what <c>inspect</c> found, as a table, a tree or JSON.</summary>
internal static class InspectPrinter
{
    public static void WriteSummary(CommandContext context, ParseResult result, InspectResult image)
    {
        if (result.GetValue(context.Json))
        {
            ResultWriter.WriteJson(context, image, ResultJsonContext.Results.InspectResult);
            return;
        }

        Table table = CreateTable("Field", "Value").HideHeaders();
        Add(table, "Location", image.Location);
        Add(table, "Digest", image.Digest);
        Add(table, "Media type", image.MediaType);
        Add(table, "Size", ByteSize.ToText(image.Size));
        Add(table, "Artifact type", image.ArtifactType);
        Add(table, "Platform", image.Platform);
        Add(table, "Created", image.Created?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        Add(table, "Entrypoint", Join(image.Entrypoint));
        Add(table, "Command", Join(image.Command));
        Add(table, "User", image.User);
        Add(table, "Working directory", image.WorkingDirectory);
        foreach (string variable in image.Environment ?? [])
        {
            Add(table, "Environment", variable);
        }

        AddAll(table, "Label", image.Labels);
        AddAll(table, "Annotation", image.Annotations);
        PlainConsole.Write(context.Terminal.Out, table);
        WriteContents(context.Terminal.Out, "Platform", image.Manifests);
        WriteContents(context.Terminal.Out, "Layer", image.Layers);
    }

    public static void WriteTree(CommandContext context, ParseResult result, ContentNode root)
    {
        if (result.GetValue(context.Json))
        {
            ResultWriter.WriteJson(context, root, ResultJsonContext.Results.ContentNode);
            return;
        }

        var tree = new Tree(Label(root)) { Guide = TreeGuide.Line };
        AddChildren(tree, root);
        PlainConsole.Write(context.Terminal.Out, tree);
    }

    private static void AddChildren(IHasTreeNodes parent, ContentNode node)
    {
        foreach (ContentNode child in node.Children ?? [])
        {
            AddChildren(parent.AddNode(Label(child)), child);
        }
    }

    private static Text Label(ContentNode node)
    {
        string kind = node.Platform ?? node.ArtifactType ?? "";

        return new Text(SafeText.Of($"{node.Digest}  {node.MediaType}  {ByteSize.ToText(node.Size)}  {kind}".TrimEnd()));
    }

    private static void WriteContents(TextWriter writer, string first, IReadOnlyList<ContentNode>? contents)
    {
        if (contents is null or [])
        {
            return;
        }

        Table table = CreateTable(first, "Digest", "Size", "Media type");
        for (int i = 0; i < contents.Count; i++)
        {
            ContentNode content = contents[i];
            string name = first == "Layer"
                ? (i + 1).ToString(CultureInfo.InvariantCulture)
                : content.Platform ?? content.ArtifactType ?? "-";
            table.AddRow(Cell(name), Cell(content.Digest), Cell(ByteSize.ToText(content.Size)), Cell(content.MediaType));
        }

        writer.WriteLine();
        PlainConsole.Write(writer, table);
    }

    private static Table CreateTable(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)) { NoWrap = true });
        }

        return table;
    }

    private static void AddAll(Table table, string name, IReadOnlyDictionary<string, string>? values)
    {
        foreach ((string key, string value) in (values ?? new Dictionary<string, string>()).OrderBy(
            pair => pair.Key, StringComparer.Ordinal))
        {
            Add(table, name, $"{key}={value}");
        }
    }

    private static void Add(Table table, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            table.AddRow(Cell(name), Cell(value));
        }
    }

    private static string? Join(IReadOnlyList<string>? words) => words is null ? null : string.Join(' ', words);

    private static Text Cell(string text) => new(SafeText.Of(text));
}
