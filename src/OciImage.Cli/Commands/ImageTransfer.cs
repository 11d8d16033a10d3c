using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;
using OciImage.Images;

namespace OciImage.Cli.Commands;

/// <summary>The options and the work that <c>copy</c>, <c>pull</c> and <c>push</c> share.</summary>
internal sealed class ImageTransfer
{
    private const int DefaultJobs = 4;
    private const int MaxJobs = 64;
    private const int DefaultRanges = 4;
    private const int MaxRanges = 16;

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
        CustomParser = result => ParseNumber(result, "--jobs", MaxJobs),
    };

    private readonly Option<int> _ranges = new("--ranges")
    {
        Description = "How many parts of a large blob are fetched at the same time into a layout; 1 for none.",
        DefaultValueFactory = _ => DefaultRanges,
        HelpName = "N",
        CustomParser = result => ParseNumber(result, "--ranges", MaxRanges),
    };

    private readonly Option<bool> _referrers = new("--referrers")
    {
        Description = "Copy signatures, SBOMs and whatever else refers to the image, or to what is below it.",
    };

    private readonly Option<string[]> _referrerTypes = new("--referrer-type")
    {
        Description = "Copy referrers of this artifact type only; may be given several times.",
        HelpName = "TYPE",
    };

    private readonly Option<bool> _digestTags = new("--digest-tags")
    {
        Description = "Copy tags that are made of the image's digest, such as cosign's 'sha256-….sig'.",
    };

    private readonly Option<bool> _forceRecursive = new("--force-recursive")
    {
        Description = "Look at everything below the image, although the destination has it already.",
    };

    private readonly ConversionSettings _conversion = new();

    public ImageTransfer(CommandContext context, Command command)
    {
        _context = context;
        command.Options.Add(_platforms);
        command.Options.Add(_sparse);
        command.Options.Add(_jobs);
        command.Options.Add(_ranges);
        command.Options.Add(_referrers);
        command.Options.Add(_referrerTypes);
        command.Options.Add(_digestTags);
        command.Options.Add(_forceRecursive);
        _conversion.AddTo(command);
    }

    public async Task<int> RunAsync(
        ParseResult result, ImageLocation from, PlaceAccess fromAccess, ImageLocation to, PlaceAccess toAccess,
        CancellationToken cancellationToken)
    {
        if (to.Digest is not null)
        {
            throw new UsageException($"A destination is named by a tag, not by a digest, but '{to}' has one.");
        }

        int jobs = result.GetValue(_jobs);
        CopyOptions options = ReadOptions(result);
        ConversionOptions? conversion = _conversion.Read(result, options);
        await using OpenedImage source = await OpenedImage.OpenAsync(from, fromAccess, cancellationToken, jobs);
        await using OpenedStore target = await OpenedStore.OpenAsync(
            to, toAccess, create: true, cancellationToken, jobs, source);
        if (options.IncludeReferrers && !target.KeepsReferrers)
        {
            throw new UsageException($"'{to}' keeps no referrers: copy without '--referrers', or to a layout or a registry.");
        }

        string? tag = to.Tag ?? target.InheritTag(source.Tag);
        if (target.OnlyPlatform is { } only && options.Platforms.Count == 0 && MediaTypes.IsIndex(source.Root.MediaType))
        {
            options.Platforms = [only];
            _context.Note(result, $"'{to}' holds one platform: taking '{only}' of the index.");
        }

        var progress = _context.StartProgress(result);
        Descriptor copied;
        ConversionReport? report = null;
        await using (progress)
        {
            options.Progress = progress;
            options.MaxConcurrency = Math.Min(options.MaxConcurrency, target.MaxConcurrency);
            if (conversion is not null)
            {
                report = await ImageConverter.ConvertAsync(
                    source.Source, target.Store, source.Root, tag, conversion, cancellationToken);
            }

            copied = report?.Result ?? await ContentCopy.CopyGraphAsync(
                source.Source, target.Store, source.Root, tag, options, cancellationToken);
            await target.CompleteAsync(copied, tag, cancellationToken);
        }

        string place = to.Describe(tag, copied.Digest);
        _context.Note(result, $"Copied '{from}' to '{place}'.");
        if (report is not null)
        {
            ConversionSettings.Write(_context, result, place, report);
        }
        else
        {
            ResultWriter.WriteContent(_context, result, place, copied);
        }

        return ExitCode.Done;
    }

    private CopyOptions ReadOptions(ParseResult result)
    {
        Platform[] platforms = result.GetValue(_platforms) ?? [];
        string[] types = result.GetValue(_referrerTypes) ?? [];
        if (result.GetValue(_sparse) && platforms.Length == 0)
        {
            throw new UsageException("'--sparse' needs '--platform'.");
        }

        return new CopyOptions
        {
            MaxConcurrency = result.GetValue(_jobs),
            RangesPerBlob = result.GetValue(_ranges),
            Platforms = platforms,
            Sparse = result.GetValue(_sparse),
            IncludeReferrers = result.GetValue(_referrers) || types.Length > 0,
            ReferrerTypes = types,
            IncludeDigestTags = result.GetValue(_digestTags),
            ForceRecursive = result.GetValue(_forceRecursive),
        };
    }

    private static int ParseNumber(ArgumentResult result, string option, int most)
    {
        string text = result.Tokens[0].Value;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1 || number > most)
        {
            result.AddError($"'{option}' wants a number from 1 to {most}, not '{text}'.");
        }

        return number;
    }
}
