using System.CommandLine;
using System.Globalization;
using OciImage.Cli.Output;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary>The options that make a copy a conversion.</summary>
internal sealed class ConversionSettings
{
    private readonly Option<ImageFormat?> _format = new("--format")
    {
        Description = "Convert to the media types of 'oci' or 'docker'.",
        HelpName = "oci|docker",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "oci" => ImageFormat.Oci,
            "docker" => ImageFormat.Docker,
            var other => Refuse<ImageFormat?>(result, $"'--format' is oci or docker, not '{other}'."),
        },
    };

    private readonly Option<CompressionFormat?> _compress = new("--compress")
    {
        Description = "Convert layers to gzip, zstd or no compression.",
        HelpName = "gzip|zstd|none",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "gzip" => CompressionFormat.Gzip,
            "zstd" => CompressionFormat.Zstd,
            "none" => CompressionFormat.None,
            var other => Refuse<CompressionFormat?>(result, $"'--compress' is gzip, zstd or none, not '{other}'."),
        },
    };

    private readonly Option<int?> _level = new("--level")
    {
        Description = "With --compress: the level, 1 to 9 for gzip (6 by default), 1 to 19 for zstd (3 by default).",
        HelpName = "N",
        CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int level)
                ? level
                : Refuse<int?>(result, $"'--level' wants a number, not '{result.Tokens[0].Value}'."),
    };

    private readonly Option<bool> _force = new("--force-compress")
    {
        Description = "With --compress: compress layers again that have this compression already, for another level.",
    };

    private readonly Option<bool> _lossy = new("--lossy")
    {
        Description = "Leave out what the converted image cannot have, instead of refusing; each is noted.",
    };

    private readonly Option<string?> _cache = new("--layer-cache")
    {
        Description = "With --compress to a registry: remember converted layers in this file, and do not convert them again.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_format);
        command.Options.Add(_compress);
        command.Options.Add(_level);
        command.Options.Add(_force);
        command.Options.Add(_lossy);
        command.Options.Add(_cache);
    }

    /// <summary>Reads the options; without any the copy is one.</summary>
    public ConversionOptions? Read(ParseResult result, CopyOptions copy)
    {
        ImageFormat? format = result.GetValue(_format);
        CompressionFormat? compression = result.GetValue(_compress);
        int? level = result.GetValue(_level);
        string? cache = result.GetValue(_cache);
        bool needsCompression = level is not null || cache is not null || result.GetValue(_force);
        if (compression is null && needsCompression)
        {
            throw new UsageException("'--level', '--force-compress' and '--layer-cache' need '--compress'.");
        }

        if (format is null && compression is null)
        {
            return result.GetValue(_lossy) ? throw new UsageException("'--lossy' needs '--format' or '--compress'.") : null;
        }

        if (copy.Sparse)
        {
            throw new UsageException("'--sparse' keeps the index as it is, which '--format' and '--compress' change.");
        }

        if (format == ImageFormat.Docker && compression == CompressionFormat.Zstd)
        {
            throw new UsageException("Docker's format has no layers compressed with zstd; take '--compress gzip' or '--format oci'.");
        }

        int most = compression switch { CompressionFormat.Gzip => 9, CompressionFormat.Zstd => 19, _ => 0 };
        if (level is < 1 || level > most)
        {
            throw new UsageException(most == 0
                ? "Layers that are not compressed have no '--level'."
                : $"'--level' is 1 to {most} for this compression, not {level}.");
        }

        return new ConversionOptions
        {
            Format = format,
            Compression = compression,
            CompressionLevel = level,
            ForceCompression = result.GetValue(_force),
            AllowLoss = result.GetValue(_lossy),
            Knowledge = cache is null ? null : new LayerKnowledgeFile(cache),
            Copy = copy,
        };
    }

    /// <summary>Tells what was left out and what was tolerated, and writes the result.</summary>
    public static void Write(CommandContext context, ParseResult result, string place, ConversionReport report)
    {
        foreach (string note in report.Losses.Select(loss => $"Left out: {loss.Message}").Concat(report.Notes))
        {
            context.Note(result, note);
        }

        if (!result.GetValue(context.Json))
        {
            ResultWriter.WriteContent(context, result, place, report.Result);
            return;
        }

        var layers = report.Layers.Select(layer => new ConvertedLayerResult(
            layer.Source.Digest.ToString(), layer.Result.Digest.ToString(), layer.Result.MediaType, layer.Result.Size,
            layer.Outcome switch
            {
                LayerOutcome.Converted => "converted",
                LayerOutcome.ConvertedAtTarget => "converted-at-target",
                LayerOutcome.Reused => "reused",
                _ => "kept",
            }));
        ResultWriter.WriteJson(
            context,
            new ConversionResult(
                place, report.Result.Digest.ToString(), report.Result.MediaType, report.Result.Size,
                report.Source.Digest.ToString(), [.. layers], [.. report.Losses.Select(loss => loss.Message)], report.Notes),
            ResultJsonContext.Results.ConversionResult);
    }

    private static T Refuse<T>(System.CommandLine.Parsing.ArgumentResult result, string message)
    {
        result.AddError(message);
        return default!;
    }
}
