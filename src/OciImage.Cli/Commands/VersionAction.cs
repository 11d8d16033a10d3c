using System.CommandLine;
using System.CommandLine.Invocation;

namespace OciImage.Cli.Commands;

/// <summary>Writes the version of this assembly, whichever process it runs in.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"ocimg {CommandTree.Version}");
        return ExitCode.Done;
    }
}
