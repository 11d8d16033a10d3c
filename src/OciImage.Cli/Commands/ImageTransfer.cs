using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary>The options and the work that <c>copy</c>, <c>pull</c> and <c>push</c> share.</summary>
internal sealed class ImageTransfer
{
    private const int DefaultJobs = 3;
    private const int MaxJobs = 64;

    private readonly CommandContext _context;
    private readonly Option<Platform[]> _platforms = Arguments.Platforms(
        "Copy this platform only; several make an index of these. Without it, all platforms are copied.");

    private readonly Option<bool> _sparse = new("--sparse")
    {
        Description = "With --platform: keep the index and its digest, and leave out what other platforms need.",
    };

    private readonly Option<int> _jobs = new("--jobs", "-j")
    {
        Description = "How many blobs are transferred at the same time.",
        DefaultValueFactory = _ => DefaultJobs,
        HelpName = "N",
        CustomParser = ParseJobs,
    };

    public ImageTransfer(CommandContext context, Command command)
    {
        _context = context;
        command.Options.Add(_platforms);
        command.Options.Add(_sparse);
        command.Options.Add(_jobs);
    }

    public async Task<int> RunAsync(
        ParseResult result, ImageLocation from, RegistryAccess fromAccess, ImageLocation to, RegistryAccess toAccess,
        CancellationToken cancellationToken)
    {
        if (to.Digest is not null)
        {
            throw new UsageException($"A destination is named by a tag, not by a digest, but '{to}' has one.");
        }

        int jobs = result.GetValue(_jobs);
        Platform[] platforms = result.GetValue(_platforms) ?? [];
        if (result.GetValue(_sparse) && platforms.Length == 0)
        {
            throw new UsageException("'--sparse' needs '--platform'.");
        }

        using OpenedImage source = await OpenedImage.OpenAsync(from, fromAccess, cancellationToken, jobs);
        using OpenedStore target = await OpenedStore.OpenAsync(
            to, toAccess, create: true, cancellationToken, jobs, source);
        string? tag = to.Tag ?? source.Tag;
        var progress = _context.StartProgress(result);
        Descriptor copied;
        await using (progress)
        {
            var options = new CopyOptions
            {
                MaxConcurrency = jobs,
                Platforms = platforms,
                Sparse = result.GetValue(_sparse),
                Progress = progress,
            };
            copied = await ContentCopy.CopyGraphAsync(
                source.Source, target.Store, source.Root, tag, options, cancellationToken);
            await target.KeepUntaggedAsync(copied, tag, cancellationToken);
        }

        string place = to.Describe(tag, copied.Digest);
        _context.Note(result, $"Copied '{from}' to '{place}'.");
        ResultWriter.WriteContent(_context, result, place, copied);

        return ExitCode.Done;
    }

    private static int ParseJobs(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int jobs) || jobs is < 1 or > MaxJobs)
        {
            result.AddError($"'--jobs' wants a number from 1 to {MaxJobs}, not '{text}'.");
        }

        return jobs;
    }
}
