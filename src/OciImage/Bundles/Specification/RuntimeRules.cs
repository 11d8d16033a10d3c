using OciImage.Json;

namespace OciImage.Bundles;

/// <summary>Holds what runtime-spec says about the fields that are known here, so that another spelling of one is refused.</summary>
internal static class RuntimeRules
{
    private static readonly ValueRule IdMappings = Objects(new()
    {
        ["containerID"] = ValueRule.WholeNumber,
        ["hostID"] = ValueRule.WholeNumber,
        ["size"] = ValueRule.WholeNumber,
    });

    private static readonly ObjectRule Process = new(new Dictionary<string, ValueRule>
    {
        ["terminal"] = ValueRule.Flag,
        ["user"] = ValueRule.Object(
            new(new Dictionary<string, ValueRule>
            {
                ["uid"] = ValueRule.WholeNumber,
                ["gid"] = ValueRule.WholeNumber,
                ["additionalGids"] = ValueRule.List(ValueRule.WholeNumber),
            }),
            required: true),
        ["args"] = ValueRule.Texts,
        ["env"] = ValueRule.Texts,
        ["cwd"] = ValueRule.RequiredText,
        ["capabilities"] = ValueRule.Object(new(new Dictionary<string, ValueRule>
        {
            ["bounding"] = ValueRule.Texts,
            ["effective"] = ValueRule.Texts,
            ["inheritable"] = ValueRule.Texts,
            ["permitted"] = ValueRule.Texts,
            ["ambient"] = ValueRule.Texts,
        })),
        ["rlimits"] = Objects(new()
        {
            ["type"] = ValueRule.RequiredText,
            ["hard"] = ValueRule.Any,
            ["soft"] = ValueRule.Any,
        }),
        ["noNewPrivileges"] = ValueRule.Flag,
    });

    private static readonly ObjectRule Linux = new(new Dictionary<string, ValueRule>
    {
        ["uidMappings"] = IdMappings,
        ["gidMappings"] = IdMappings,
        ["resources"] = ValueRule.Object(new(new Dictionary<string, ValueRule>
        {
            ["devices"] = Objects(new()
            {
                ["allow"] = ValueRule.Flag,
                ["type"] = ValueRule.Text,
                ["major"] = ValueRule.WholeNumber,
                ["minor"] = ValueRule.WholeNumber,
                ["access"] = ValueRule.Text,
            }),
        })),
        ["cgroupsPath"] = ValueRule.Text,
        ["namespaces"] = Objects(new()
        {
            ["type"] = ValueRule.RequiredText,
            ["path"] = ValueRule.Text,
        }),
        ["maskedPaths"] = ValueRule.Texts,
        ["readonlyPaths"] = ValueRule.Texts,
    });

    public static ObjectRule Specification { get; } = new(new Dictionary<string, ValueRule>
    {
        ["ociVersion"] = ValueRule.RequiredText,
        ["process"] = ValueRule.Object(Process),
        ["root"] = ValueRule.Object(new(new Dictionary<string, ValueRule>
        {
            ["path"] = ValueRule.RequiredText,
            ["readonly"] = ValueRule.Flag,
        })),
        ["hostname"] = ValueRule.Text,
        ["mounts"] = Objects(new()
        {
            ["destination"] = ValueRule.RequiredText,
            ["type"] = ValueRule.Text,
            ["source"] = ValueRule.Text,
            ["options"] = ValueRule.Texts,
        }),
        ["annotations"] = ValueRule.TextMap,
        ["linux"] = ValueRule.Object(Linux),
    });

    private static ValueRule Objects(Dictionary<string, ValueRule> fields) =>
        ValueRule.List(ValueRule.Object(new ObjectRule(fields), required: true));
}
