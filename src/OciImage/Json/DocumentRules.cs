namespace OciImage.Json;

/// <summary>Holds what image-spec 1.1.1 and Docker's schema 2 say about the fields of documents.</summary>
internal static class DocumentRules
{
    private static readonly ObjectRule Platform = new(new Dictionary<string, ValueRule>
    {
        ["architecture"] = ValueRule.Text,
        ["os"] = ValueRule.Text,
        ["os.version"] = ValueRule.Text,
        ["os.features"] = ValueRule.Texts,
        ["variant"] = ValueRule.Text,
    });

    private static readonly ObjectRule Descriptor = new(new Dictionary<string, ValueRule>
    {
        ["mediaType"] = ValueRule.RequiredText,
        ["digest"] = ValueRule.RequiredText,
        ["size"] = new() { Kind = ValueKind.WholeNumber, IsRequired = true },
        ["urls"] = ValueRule.Texts,
        ["annotations"] = ValueRule.TextMap,
        ["data"] = ValueRule.Text,
        ["platform"] = ValueRule.Object(Platform),
        ["artifactType"] = ValueRule.Text,
    });

    private static readonly ValueRule Descriptors = ValueRule.List(ValueRule.Object(Descriptor, required: true));

    private static readonly ObjectRule Manifest = new(
        new Dictionary<string, ValueRule>
        {
            ["schemaVersion"] = ValueRule.SchemaVersion,
            ["mediaType"] = ValueRule.Text,
            ["artifactType"] = ValueRule.Text,
            ["config"] = ValueRule.Object(Descriptor, required: true),
            ["layers"] = Descriptors,
            ["subject"] = ValueRule.Object(Descriptor),
            ["annotations"] = ValueRule.TextMap,
        },
        "manifests", "fsLayers");

    private static readonly ObjectRule Index = new(
        new Dictionary<string, ValueRule>
        {
            ["schemaVersion"] = ValueRule.SchemaVersion,
            ["mediaType"] = ValueRule.Text,
            ["artifactType"] = ValueRule.Text,
            ["manifests"] = Descriptors,
            ["subject"] = ValueRule.Object(Descriptor),
            ["annotations"] = ValueRule.TextMap,
        },
        "config", "layers", "fsLayers");

    private static readonly ObjectRule Healthcheck = new(new Dictionary<string, ValueRule>
    {
        ["Test"] = ValueRule.Texts,
        ["Interval"] = ValueRule.WholeNumber,
        ["Timeout"] = ValueRule.WholeNumber,
        ["StartPeriod"] = ValueRule.WholeNumber,
        ["StartInterval"] = ValueRule.WholeNumber,
        ["Retries"] = ValueRule.WholeNumber,
    });

    private static readonly ObjectRule Container = new(new Dictionary<string, ValueRule>
    {
        ["User"] = ValueRule.Text,
        ["ExposedPorts"] = ValueRule.NameSet,
        ["Env"] = ValueRule.Texts,
        ["Entrypoint"] = ValueRule.Texts,
        ["Cmd"] = ValueRule.Texts,
        ["Volumes"] = ValueRule.NameSet,
        ["WorkingDir"] = ValueRule.Text,
        ["Labels"] = ValueRule.TextMap,
        ["StopSignal"] = ValueRule.Text,
        ["ArgsEscaped"] = ValueRule.Flag,
        ["Healthcheck"] = ValueRule.Object(Healthcheck),
        ["Shell"] = ValueRule.Texts,
        ["OnBuild"] = ValueRule.Texts,
        ["StopTimeout"] = ValueRule.WholeNumber,
    });

    private static readonly ObjectRule History = new(new Dictionary<string, ValueRule>
    {
        ["created"] = ValueRule.Text,
        ["created_by"] = ValueRule.Text,
        ["author"] = ValueRule.Text,
        ["comment"] = ValueRule.Text,
        ["empty_layer"] = ValueRule.Flag,
    });

    private static readonly ObjectRule RootFs = new(new Dictionary<string, ValueRule>
    {
        ["type"] = new() { Kind = ValueKind.Text, IsRequired = true, Only = "layers" },
        ["diff_ids"] = ValueRule.Texts,
    });

    private static readonly ObjectRule Config = new(
        new Dictionary<string, ValueRule>
        {
            ["created"] = ValueRule.Text,
            ["author"] = ValueRule.Text,
            ["architecture"] = ValueRule.Text,
            ["variant"] = ValueRule.Text,
            ["os"] = ValueRule.Text,
            ["os.version"] = ValueRule.Text,
            ["os.features"] = ValueRule.Texts,
            ["config"] = ValueRule.Object(Container),
            ["rootfs"] = ValueRule.Object(RootFs, required: true),
            ["history"] = ValueRule.List(ValueRule.Object(History, required: true)),
        },
        "manifests", "layers", "fsLayers");

    private static readonly ObjectRule LayoutHeader = new(new Dictionary<string, ValueRule>
    {
        ["imageLayoutVersion"] = ValueRule.RequiredText,
    });

    public static ObjectRule For(DocumentShape shape) => shape switch
    {
        DocumentShape.Manifest => Manifest,
        DocumentShape.Index => Index,
        DocumentShape.Config => Config,
        _ => LayoutHeader,
    };
}
