using System.CommandLine;
using System.Text.Json;
using OciImage.Cli.Output;

namespace OciImage.Cli.Commands;

/// <summary>The options of <c>build</c> that say how a container of the image runs.</summary>
internal sealed class ContainerSettings
{
    private readonly Option<string[]> _entrypoint = new("--entrypoint")
    {
        Description = "The command to run: one word an option, or all as a JSON list. Clears the base's --cmd.",
        HelpName = "WORD|JSON",
    };

    private readonly Option<string[]> _cmd = new("--cmd")
    {
        Description = "The default arguments: one word an option, or all as a JSON list.",
        HelpName = "WORD|JSON",
    };

    private readonly Option<string[]> _env = new("--env")
    {
        Description = "A variable of the environment; replaces the base's of that name.",
        HelpName = "NAME=VALUE",
    };

    private readonly Option<string?> _workdir = new("--workdir")
    {
        Description = "The working directory.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _user = new("--user")
    {
        Description = "The user and group.",
        HelpName = "USER[:GROUP]",
    };

    private readonly Option<string[]> _label = new("--label")
    {
        Description = "A label; replaces the base's of that name.",
        HelpName = "NAME=VALUE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_entrypoint);
        command.Options.Add(_cmd);
        command.Options.Add(_env);
        command.Options.Add(_workdir);
        command.Options.Add(_user);
        command.Options.Add(_label);
    }

    /// <summary>Reads the options as a change to a base's settings.</summary>
    /// <exception cref="UsageException">An option has no value of its kind.</exception>
    public Func<ContainerConfig, ContainerConfig> Read(ParseResult result)
    {
        IReadOnlyList<string>? entrypoint = ReadWords(result.GetValue(_entrypoint), _entrypoint.Name);
        IReadOnlyList<string>? cmd = ReadWords(result.GetValue(_cmd), _cmd.Name);
        IReadOnlyList<KeyValuePair<string, string>> env = ReadPairs(result.GetValue(_env), _env.Name);
        IReadOnlyList<KeyValuePair<string, string>> labels = ReadPairs(result.GetValue(_label), _label.Name);
        string? workdir = result.GetValue(_workdir);
        string? user = result.GetValue(_user);

        return config => config with
        {
            Entrypoint = entrypoint ?? config.Entrypoint,
            Cmd = cmd ?? (entrypoint is null ? config.Cmd : []),
            Env = MergeEnv(config.Env, env),
            Labels = MergeLabels(config.Labels, labels),
            WorkingDir = workdir ?? config.WorkingDir,
            User = user ?? config.User,
        };
    }

    /// <summary>Reads words that are given one an option, or all as a JSON list.</summary>
    public static List<string>? ReadWords(string[]? values, string option)
    {
        if (values is null or [])
        {
            return null;
        }

        var words = new List<string>();
        foreach (string value in values)
        {
            if (!value.StartsWith('['))
            {
                words.Add(value);
                continue;
            }

            try
            {
                words.AddRange(JsonSerializer.Deserialize(value, ResultJsonContext.Default.StringArray) ?? []);
            }
            catch (JsonException exception)
            {
                throw new UsageException(
                    $"'{option}' wants a word, or a JSON list of words such as '[\"sh\",\"-c\"]', not '{value}'.", exception);
            }
        }

        return words;
    }

    private static List<KeyValuePair<string, string>> ReadPairs(string[]? values, string option)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (string value in values ?? [])
        {
            int equals = value.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UsageException($"'{option}' wants NAME=VALUE, not '{value}'.");
            }

            pairs.Add(new(value[..equals], value[(equals + 1)..]));
        }

        return pairs;
    }

    private static List<string> MergeEnv(IReadOnlyList<string> old, IReadOnlyList<KeyValuePair<string, string>> changes)
    {
        var merged = new List<string>(old);
        foreach ((string name, string value) in changes)
        {
            int index = merged.FindIndex(entry => entry.StartsWith(name + "=", StringComparison.Ordinal));
            if (index < 0)
            {
                merged.Add($"{name}={value}");
            }
            else
            {
                merged[index] = $"{name}={value}";
            }
        }

        return merged;
    }

    private static SortedDictionary<string, string> MergeLabels(
        IReadOnlyDictionary<string, string> old, IReadOnlyList<KeyValuePair<string, string>> changes)
    {
        var merged = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in old.Concat(changes))
        {
            merged[name] = value;
        }

        return merged;
    }
}
