using System.CommandLine;
using System.CommandLine.Parsing;
using OciImage.Cli.Output;
using OciImage.Cli.Terminal;
using OciImage.Layout;

namespace OciImage.Cli;

/// <summary>What every command shares: the terminal, the options that hold everywhere, and how to say things.</summary>
internal sealed class CommandContext(ITerminal terminal)
{
    /// <summary>The name of the option that says in which namespace names are.</summary>
    public const string NamespaceName = "--namespace";

    private readonly List<string> _secrets = [];

    public ITerminal Terminal { get; } = terminal;

    public Option<ProgressStyle> Progress { get; } = new("--progress")
    {
        Description = "How progress is shown on the error output: auto, bar, plain, json or none.",
        HelpName = "STYLE",
        Recursive = true,
        CustomParser = result => Enum.TryParse(result.Tokens[0].Value, ignoreCase: true, out ProgressStyle style) &&
            Enum.IsDefined(style)
                ? style
                : Refuse(result, $"'--progress' is auto, bar, plain, json or none, not '{result.Tokens[0].Value}'."),
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Write the result as JSON.",
        Recursive = true,
    };

    public Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "Write no progress and no notes, only results and errors.",
        Recursive = true,
    };

    public Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Description = "Write more notes, and the stack trace of an error.",
        Recursive = true,
    };

    public Option<string?> Namespace { get; } = new(NamespaceName, "-n")
    {
        Description = "The namespace of the names in a layout or in containerd; 'default' where nothing is said. " +
            "With it, the name in 'oci:DIR:NAME' may be a whole reference.",
        HelpName = "NS",
        Recursive = true,
        CustomParser = ParseNamespace,
    };

    public Option<Durability> Durability { get; } = new("--durability")
    {
        Description = "What of a layout survives a power cut: full (all that is visible), batched (what has a name) or none.",
        HelpName = "LEVEL",
        Recursive = true,
        DefaultValueFactory = _ => Layout.Durability.Full,
        CustomParser = result => Enum.TryParse(result.Tokens[0].Value, ignoreCase: true, out Durability level) &&
            Enum.IsDefined(level) && !char.IsAsciiDigit(result.Tokens[0].Value[0])
                ? level
                : RefuseLevel(result, $"'--durability' is full, batched or none, not '{result.Tokens[0].Value}'."),
    };

    public void AddTo(Command root)
    {
        root.Options.Add(Namespace);
        root.Options.Add(Durability);
        root.Options.Add(Progress);
        root.Options.Add(Json);
        root.Options.Add(Quiet);
        root.Options.Add(Verbose);
    }

    /// <summary>Remembers what must never be printed.</summary>
    public void Hide(string? secret)
    {
        // Hiding a shorter one would riddle the message, and so tell it.
        if (secret is { Length: >= 4 })
        {
            _secrets.Add(secret);
        }
    }

    /// <summary>Returns a message without what must never be printed.</summary>
    public string Redact(string message)
    {
        foreach (string secret in _secrets)
        {
            message = message.Replace(secret, "***", StringComparison.Ordinal);
        }

        return message;
    }

    /// <summary>Writes a note to the error output, unless the user wants none.</summary>
    public void Note(ParseResult result, string message)
    {
        if (!result.GetValue(Quiet))
        {
            Terminal.Error.WriteLine(SafeText.OfLines(Redact(message)));
        }
    }

    public ProgressReporter StartProgress(ParseResult result) => ProgressReporter.Start(Terminal, ReadStyle(result));

    public CollectionNotes StartCollection(ParseResult result) => new(Terminal, ReadStyle(result));

    private ProgressStyle ReadStyle(ParseResult result) =>
        result.GetValue(Quiet) ? ProgressStyle.None : result.GetValue(Progress);

    /// <summary>Parses the name of a namespace.</summary>
    public static string? ParseNamespace(ArgumentResult result)
    {
        string name = result.Tokens[0].Value;
        try
        {
            return new OciLayoutOptions { Namespace = name }.Namespace;
        }
        catch (ArgumentException exception)
        {
            result.AddError(exception.Message);
            return null;
        }
    }

    private static Durability RefuseLevel(ArgumentResult result, string message)
    {
        result.AddError(message);
        return Layout.Durability.Full;
    }

    private static ProgressStyle Refuse(ArgumentResult result, string message)
    {
        result.AddError(message);
        return ProgressStyle.None;
    }
}
