using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>Runs the ocimg command as a process of its own: the one built beside the tests, or that of OCIIMAGE_OCIMG.</summary>
internal static class Ocimg
{
    private static readonly string Command =
        Environment.GetEnvironmentVariable("OCIIMAGE_OCIMG") ?? Path.Combine(AppContext.BaseDirectory, "ocimg");

    // The runtime that runs the tests, wherever it is installed.
    private static readonly string DotnetRoot =
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../.."));

    public static Task<PeerResult> RunAsync(params IReadOnlyList<string> arguments) => PeerProcess.RunAsync(
        Command,
        arguments,
        environment: new Dictionary<string, string?>
        {
            ["DOTNET_ROOT"] = DotnetRoot,
            ["DOCKER_CONFIG"] = Path.Combine(AppContext.BaseDirectory, "no-docker-config"),
        },
        cancellationToken: TestContext.Current.CancellationToken);

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
