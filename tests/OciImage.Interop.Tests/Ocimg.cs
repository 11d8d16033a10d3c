using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>Runs the ocimg command as a process of its own: the one built beside the tests, or that of OCIIMAGE_OCIMG.</summary>
internal static class Ocimg
{
    internal static readonly string Command =
        Environment.GetEnvironmentVariable("OCIIMAGE_OCIMG") ?? Path.Combine(AppContext.BaseDirectory, "ocimg");

    // The runtime that runs the tests, wherever it is installed.
    internal static readonly string DotnetRoot =
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../.."));

    public static Task<PeerResult> RunAsync(params IReadOnlyList<string> arguments) => RunWithAsync(null, null, arguments);

    /// <summary>Runs a command with a standard input and variables of its own.</summary>
    public static Task<PeerResult> RunWithAsync(
        string? input, IReadOnlyDictionary<string, string?>? variables, params IReadOnlyList<string> arguments)
    {
        var environment = new Dictionary<string, string?>
        {
            ["DOTNET_ROOT"] = DotnetRoot,
            // No credentials of this machine's user.
            ["REGISTRY_AUTH_FILE"] = Path.Combine(AppContext.BaseDirectory, "no-credentials", "auth.json"),
        };
        foreach ((string name, string? value) in variables ?? new Dictionary<string, string?>())
        {
            environment[name] = value;
        }

        return PeerProcess.RunAsync(
            Command,
            arguments,
            environment: environment,
            standardInput: input,
            cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>Runs a command that must succeed; returns its standard output without the last line end.</summary>
    public static async Task<string> RunOkAsync(params IReadOnlyList<string> arguments)
    {
        PeerResult result = await RunAsync(arguments);
        Assert.True(
            result.ExitCode == 0,
            $"'ocimg {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}\n{result.Output}");

        return result.Output.TrimEnd('\n');
    }
}
