using OciImage.Registry;
using OciImage.Registry.Stores;

namespace OciImage.Fuzz.Targets;

/// <summary>Files of credentials: Docker's config.json, containers' auth.json, and the legacy format.</summary>
public sealed class ConfigTarget : FuzzTarget
{
    private static readonly CredentialScope[] Scopes =
    [
        CredentialScope.Of("a.example", "team/app"), CredentialScope.Of("b.example", ""), CredentialScope.Of("docker.io", "library/x"),
    ];

    /// <inheritdoc/>
    public override string Name => "config.json";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
    [
        "\"auths\"", "\"credHelpers\"", "\"credsStore\"", "\"auth\"", "\"identitytoken\"", "\"a.example\"", "\"a.example/team\"",
        "\"https://index.docker.io/v1/\"", "\"docker.io\"", "\"YW5uOmI=\"", "\"../x\"", "\"pass\"", "null", "{}", "[]", "\"\\ud800\"", "\n",
    ];

    /// <summary>Asks everything of a file and changes it; returns whether it was taken.</summary>
    public static bool Take(ReadOnlySpan<byte> input)
    {
        try
        {
            foreach (CredentialScope scope in Scopes)
            {
                ConfigDocument legacy = ConfigDocument.Parse("file", input, isLegacy: true);
                BrokenPromiseException.Unless(legacy.FindHelper(scope) is null, "The legacy format has a helper.");
                BrokenPromiseException.Unless(legacy.FindCredential(scope) is not { IsEmpty: true }, "A credential is none.");

                ConfigDocument document = ConfigDocument.Parse("file", input, isLegacy: false);
                BrokenPromiseException.Unless(
                    document.FindHelper(scope) is not { } helper || CredentialHelper.IsName(helper.Name), "A helper has no name of one.");
                BrokenPromiseException.Unless(document.FindCredential(scope) is not { IsEmpty: true }, "A credential is none.");
                document.Set(scope, new RegistryCredential("ann", "b"));
                BrokenPromiseException.Unless(document.FindCredential(scope)?.Username == "ann", "What was kept is not found.");
                BrokenPromiseException.Unless(document.Remove(scope), "What was kept is not removed.");
                _ = document.Root.ToJsonString();
            }

            return true;
        }
        catch (DocumentFormatException error)
        {
            BrokenPromiseException.Unless(
                error.Message.StartsWith("'file' is malformed at line ", StringComparison.Ordinal), "A refusal does not say where.");
            return false;
        }
    }

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input) => Take(input);
}
