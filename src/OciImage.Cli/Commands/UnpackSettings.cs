using System.CommandLine;
using OciImage.Layers;

namespace OciImage.Cli.Commands;

/// <summary>The options that say how layers are applied.</summary>
internal sealed class UnpackSettings
{
    private readonly Option<string?> _uidMap = new("--uid-map")
    {
        Description = "Give files to these users instead: CONTAINER:HOST:COUNT[,...], for root preparing a user namespace.",
        HelpName = "RANGES",
    };

    private readonly Option<string?> _gidMap = new("--gid-map")
    {
        Description = "The same for groups; those of --uid-map by default.",
        HelpName = "RANGES",
    };

    private readonly Option<OwnerPolicy> _owners = new("--owners")
    {
        Description = "automatic: kept for root, ignored for others; keep: kept or an error; ignore: all is yours.",
        HelpName = "automatic|keep|ignore",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "automatic" => OwnerPolicy.Automatic,
            "keep" => OwnerPolicy.Keep,
            "ignore" => OwnerPolicy.Ignore,
            var other => Refuse(result, $"'{other}' is none of automatic, keep and ignore.", OwnerPolicy.Automatic),
        },
    };

    private readonly Option<DevicePolicy> _devices = new("--devices")
    {
        Description = "automatic: made for root, skipped for others; create, skip, or placeholder: an empty file.",
        HelpName = "automatic|create|skip|placeholder",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "automatic" => DevicePolicy.Automatic,
            "create" => DevicePolicy.Create,
            "skip" => DevicePolicy.Skip,
            "placeholder" => DevicePolicy.Placeholder,
            var other => Refuse(result, $"'{other}' is none of automatic, create, skip and placeholder.", DevicePolicy.Automatic),
        },
    };

    private readonly Option<string[]> _xattrs = new("--xattr")
    {
        Description = "Set only these extended attributes, as 'user.a' or 'user.*'; may be repeated. '' sets none.",
        HelpName = "NAME",
    };

    private readonly Option<long?> _maxEntries = new("--max-entries")
    {
        Description = "Refuse images with more entries (10 million by default).",
        HelpName = "N",
    };

    private readonly Option<long?> _maxBytes = new("--max-bytes")
    {
        Description = "Refuse images with more uncompressed bytes (1 TiB by default).",
        HelpName = "N",
    };

    private readonly Option<bool> _windowsFiles = new("--windows-files")
    {
        Description = "Take the files of a Windows image, without its registry; they are refused otherwise.",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_owners, _uidMap, _gidMap, _devices, _xattrs, _maxEntries, _maxBytes, _windowsFiles])
        {
            command.Options.Add(option);
        }
    }

    public UnpackOptions Read(ParseResult result)
    {
        var options = new UnpackOptions
        {
            Owners = result.GetValue(_owners),
            Devices = result.GetValue(_devices),
            WindowsLayers = result.GetValue(_windowsFiles) ? WindowsLayerPolicy.FilesOnly : WindowsLayerPolicy.Refuse,
        };
        if (result.GetResult(_xattrs) is not null)
        {
            options.AllowedXattrs = [.. result.GetValue(_xattrs)!.Where(name => name.Length > 0)];
        }

        options.MaxEntries = Positive(result, _maxEntries) ?? options.MaxEntries;
        options.MaxBytes = Positive(result, _maxBytes) ?? options.MaxBytes;
        ReadMap(result, options);
        return options;
    }

    private void ReadMap(ParseResult result, UnpackOptions options)
    {
        string? users = result.GetValue(_uidMap);
        string? groups = result.GetValue(_gidMap) ?? users;
        if (groups is null)
        {
            return;
        }

        if (users is null || result.GetResult(_owners) is not null)
        {
            throw new UsageException("'--gid-map' needs '--uid-map', and neither goes with '--owners'.");
        }

        try
        {
            options.OwnerMap = OwnerMap.Parse(users, groups);
            options.Owners = OwnerPolicy.Map;
        }
        catch (FormatException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    private static long? Positive(ParseResult result, Option<long?> option) => result.GetValue(option) switch
    {
        null => null,
        > 0 and var value => value,
        _ => throw new UsageException($"'{option.Name}' takes a number above zero."),
    };

    private static T Refuse<T>(System.CommandLine.Parsing.ArgumentResult result, string message, T value)
    {
        result.AddError(message);
        return value;
    }
}
