using System.CommandLine;
using System.CommandLine.Parsing;
using OciImage.Bundles;
using OciImage.Layers;

namespace OciImage.Cli.Commands;

/// <summary>The options of <c>unpack</c> that make a runtime bundle of an image.</summary>
internal sealed class BundleSettings
{
    private readonly Option<bool> _bundle = new("--bundle")
    {
        Description = "Write a bundle that runc and others run: DIR/rootfs and DIR/config.json.",
    };

    private readonly Option<BundlePreset?> _preset = new("--preset")
    {
        Description = "What a container gets: default (as Docker gives it), minimal, or rootless.",
        HelpName = "PRESET",
        CustomParser = result => ParseName<BundlePreset>(result, "--preset", "default, minimal or rootless"),
    };

    private readonly Option<bool> _rootless = new("--rootless")
    {
        Description = "Short for '--preset rootless': a bundle that you start without privileges.",
    };

    private readonly Option<bool> _terminal = new("--terminal", "-t") { Description = "Give the process a terminal." };

    private readonly Option<bool> _readOnly = new("--read-only") { Description = "Mount the root filesystem read-only." };

    private readonly Option<bool> _newPrivileges = new("--allow-new-privileges")
    {
        Description = "Let set-user-id programs and file capabilities work in the container.",
    };

    private readonly Option<string?> _hostname = new("--hostname")
    {
        Description = "The host name in the container; 'container' where nothing is said.",
        HelpName = "NAME",
    };

    private readonly Option<VolumeMounts?> _volumes = new("--volumes")
    {
        Description = "What is mounted at the image's volumes: temporary (in memory), directories (of the bundle) or none.",
        HelpName = "KIND",
        CustomParser = result => ParseName<VolumeMounts>(result, "--volumes", "temporary, directories or none"),
    };

    private readonly Option<string[]> _entrypoint = new("--entrypoint")
    {
        Description = "The command instead of the image's: one word an option, or all as a JSON list.",
        HelpName = "WORD|JSON",
    };

    private readonly Option<string[]> _env = new("--env")
    {
        Description = "A variable of the environment; replaces the image's of that name.",
        HelpName = "NAME=VALUE",
    };

    private readonly Option<string?> _workdir = new("--workdir")
    {
        Description = "The working directory instead of the image's.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _user = new("--user")
    {
        Description = "The user and group instead of the image's.",
        HelpName = "USER[:GROUP]",
    };

    private readonly Argument<string[]> _arguments = new("ARG")
    {
        Description = "With --bundle: the arguments after the entry point instead of the image's; put '--' before them.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private Option[] Others =>
    [
        _preset, _rootless, _terminal, _readOnly, _newPrivileges, _hostname, _volumes, _entrypoint, _env, _workdir, _user,
    ];

    public void AddTo(Command command)
    {
        command.Arguments.Add(_arguments);
        command.Options.Add(_bundle);
        foreach (Option option in Others)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Reads what bundle is wanted, or returns <see langword="null"/> where none is.</summary>
    /// <exception cref="UsageException">An option makes no sense without a bundle, or has no value of its kind.</exception>
    public RuntimeBundleOptions? Read(ParseResult result, UnpackOptions unpack)
    {
        string[] arguments = result.GetValue(_arguments) ?? [];
        if (!result.GetValue(_bundle))
        {
            Option? without = Others.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });

            return without is null && arguments.Length == 0 ? null : throw new UsageException(
                $"'{without?.Name ?? arguments[0]}' is for a bundle; give '--bundle' to write one.");
        }

        BundlePreset? preset = result.GetValue(_preset);
        if (result.GetValue(_rootless) && preset is not (null or BundlePreset.Rootless))
        {
            throw new UsageException("'--rootless' is a preset of its own; give it or '--preset'.");
        }

        var options = new RuntimeBundleOptions
        {
            Preset = result.GetValue(_rootless) ? BundlePreset.Rootless : preset ?? BundlePreset.Default,
            Terminal = result.GetValue(_terminal),
            ReadOnlyRoot = result.GetValue(_readOnly),
            AllowNewPrivileges = result.GetValue(_newPrivileges),
            Volumes = result.GetValue(_volumes) ?? VolumeMounts.Temporary,
            Entrypoint = ContainerSettings.ReadWords(result.GetValue(_entrypoint), _entrypoint.Name),
            Arguments = arguments.Length > 0 ? arguments : null,
            Environment = result.GetValue(_env) ?? [],
            WorkingDirectory = result.GetValue(_workdir),
            User = result.GetValue(_user),
            Unpack = unpack,
        };
        if (result.GetValue(_hostname) is { } hostname)
        {
            try
            {
                options.Hostname = hostname;
            }
            catch (ArgumentException exception)
            {
                throw new UsageException($"'{_hostname.Name}' has {hostname.Length} characters: {exception.Message}", exception);
            }
        }

        return options;
    }

    private static T? ParseName<T>(ArgumentResult result, string option, string names)
        where T : struct, Enum
    {
        string text = result.Tokens[0].Value;
        if (!char.IsAsciiDigit(text.FirstOrDefault()) && Enum.TryParse(text, ignoreCase: true, out T value) &&
            Enum.IsDefined(value))
        {
            return value;
        }

        result.AddError($"'{option}' is {names}, not '{text}'.");
        return null;
    }
}
