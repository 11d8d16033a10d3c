using System.Collections.Concurrent;
using System.CommandLine;
using OciImage.Content;

namespace OciImage.Cli.Output;

/// <summary>Passes progress on, and remembers what was left out.</summary>
internal sealed class LeftOutProgress(IProgress<ContentProgress> next) : IProgress<ContentProgress>
{
    private readonly ConcurrentDictionary<Digest, bool> _leftOut = new();

    public void Report(ContentProgress value)
    {
        if (value.State == ContentProgressState.LeftOut)
        {
            _leftOut[value.Descriptor.Digest] = true;
        }

        next.Report(value);
    }

    /// <summary>Says how much was left out, if anything.</summary>
    public void Note(CommandContext context, ParseResult result)
    {
        if (!_leftOut.IsEmpty)
        {
            context.Note(
                result,
                $"Left out {_leftOut.Count} of what indexes and lists of referrers name: the source has only a part of them.");
        }
    }
}
