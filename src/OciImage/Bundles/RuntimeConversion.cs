using System.Text.Json;
using OciImage.Json;
using OciImage.Linux;

namespace OciImage.Bundles;

/// <summary>Makes the configuration of a container from that of an image (image-spec, conversion.md).</summary>
internal sealed class RuntimeConversion(ImageConfig config, RuntimeBundleOptions options)
{
    /// <summary>The directory of a bundle that has the root filesystem.</summary>
    public const string RootPath = "rootfs";

    private const string OciVersion = "1.2.1";
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const string Prefix = "org.opencontainers.image.";

    private readonly ContainerConfig _container = config.Config ?? new ContainerConfig();

    /// <summary>Gets the user that is wanted, of the caller or of the image.</summary>
    public string? User => options.User ?? _container.User;

    /// <summary>Gets the paths of the volumes that something is mounted at.</summary>
    public IReadOnlyList<string> Volumes { get; } =
        options.Volumes == VolumeMounts.None ? [] : BundleVolume.GetPaths(config.Config?.Volumes ?? []);

    /// <summary>Gets the time of the image as its document writes it, which may be finer than what a time here holds.</summary>
    public string? Created { get; init; } = config.Created is { } created ? TimestampJsonConverter.Format(created) : null;

    /// <summary>Returns the time of an image as its document writes it.</summary>
    public static string? ReadCreated(OciDocument<ImageConfig> document)
    {
        using JsonDocument json = JsonDocument.Parse(document.Bytes);

        return json.RootElement.TryGetProperty("created", out JsonElement value) ? value.GetString() : null;
    }

    /// <summary>Refuses what can be refused before the image's files of users are there.</summary>
    public void Check()
    {
        UserText text = UserText.Parse(User);
        Convert(ImageUser.Root with
        {
            Uid = text.Uid ?? (options.UidMappings is [var users, ..] ? users.ContainerId : 0),
            Gid = text.Gid ?? (options.GidMappings is [var groups, ..] ? groups.ContainerId : 0),
        });
    }

    public RuntimeSpecification Convert(ImageUser user)
    {
        if (config.Os is not ("linux" or ""))
        {
            throw new BundleException(
                BundleErrorKind.UnsupportedPlatform,
                $"The image is for '{Excerpt.Of(config.Os)}'; a bundle can be made of one for 'linux'.");
        }

        RuntimeLinux linux = BundlePresets.GetLinux(options.Preset);
        RuntimeUser runtimeUser = new() { Uid = user.Uid, Gid = user.Gid, AdditionalGids = user.AdditionalGids };
        if (options.Preset == BundlePreset.Rootless)
        {
            linux = linux with
            {
                UidMappings = options.UidMappings is [] ? [MapRoot(Libc.GetEffectiveUserId)] : options.UidMappings,
                GidMappings = options.GidMappings is [] ? [MapRoot(Libc.GetEffectiveGroupId)] : options.GidMappings,
            };
            RequireMapped(linux.UidMappings, user.Uid, "user", nameof(options.UidMappings));
            RequireMapped(linux.GidMappings, user.Gid, "group", nameof(options.GidMappings));
            // Without privileges no process may choose its supplementary groups.
            runtimeUser = runtimeUser with { AdditionalGids = [] };
        }

        return new RuntimeSpecification
        {
            OciVersion = OciVersion,
            Process = new RuntimeProcess
            {
                Terminal = options.Terminal,
                User = runtimeUser,
                Args = GetArguments(),
                Env = GetEnvironment(user),
                Cwd = GetWorkingDirectory(),
                Capabilities = BundlePresets.GetCapabilities(options.Preset),
                Rlimits = BundlePresets.GetRlimits(options.Preset),
                NoNewPrivileges = !options.AllowNewPrivileges,
            },
            Root = new RuntimeRoot { Path = RootPath, ReadOnly = options.ReadOnlyRoot },
            Hostname = options.Hostname,
            Mounts =
            [
                .. BundlePresets.GetMounts(options.Preset), .. BundleVolume.GetMounts(Volumes, options.Volumes),
            ],
            Annotations = GetAnnotations(),
            Linux = linux,
        };
    }

    private IReadOnlyList<string> GetArguments()
    {
        string[] arguments =
        [
            .. options.Entrypoint ?? _container.Entrypoint,
            .. options.Arguments ?? (options.Entrypoint is null or [] ? _container.Cmd : []),
        ];
        if (arguments is [] or ["", ..])
        {
            throw new BundleException(
                BundleErrorKind.NoCommand, "The image has neither an entry point nor a command, and none was given.");
        }

        return RequireText(arguments, "An argument");
    }

    // The image's own come first and as they are; what is added never has a name that is there.
    private List<string> GetEnvironment(ImageUser user)
    {
        var environment = new List<string>(RequireText(_container.Env, "A variable of the image"));
        foreach (string variable in RequireText(options.Environment, "A variable"))
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new BundleException(
                    BundleErrorKind.InvalidText, $"'{Excerpt.Of(variable)}' is no variable; expected NAME=VALUE.");
            }

            string name = variable[..(equals + 1)];
            int index = environment.FindIndex(other => other.StartsWith(name, StringComparison.Ordinal));
            environment.RemoveAll(other => other.StartsWith(name, StringComparison.Ordinal));
            environment.Insert(index < 0 ? environment.Count : index, variable);
        }

        AddMissing(environment, DefaultPath);
        AddMissing(environment, $"HOME={user.Home}");
        if (options.Terminal)
        {
            AddMissing(environment, "TERM=xterm");
        }

        return environment;
    }

    private string GetWorkingDirectory()
    {
        string? directory = options.WorkingDirectory ?? _container.WorkingDir;
        if (string.IsNullOrEmpty(directory))
        {
            return "/";
        }

        return directory[0] == '/' && !directory.Contains('\0', StringComparison.Ordinal)
            ? directory
            : throw new BundleException(
                BundleErrorKind.InvalidWorkingDirectory,
                $"The working directory '{Excerpt.Of(directory)}' is no absolute path.");
    }

    // Labels have the last word.
    private SortedDictionary<string, string> GetAnnotations()
    {
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add("os", config.Os);
        Add("architecture", config.Architecture);
        Add("variant", config.Variant);
        Add("os.version", config.OsVersion);
        Add("os.features", string.Join(',', config.OsFeatures));
        Add("author", config.Author);
        Add("created", Created);
        Add("stopSignal", _container.StopSignal);
        Add("exposedPorts", string.Join(
            ',', _container.ExposedPorts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
        foreach ((string name, string value) in options.LabelsAsAnnotations ? _container.Labels : EmptyMap.Strings)
        {
            annotations[name] = value;
        }

        RequireText([.. annotations.Keys, .. annotations.Values], "A label or a field of the image");
        return annotations.ContainsKey("")
            ? throw new BundleException(BundleErrorKind.InvalidText, "A label of the image has no name.")
            : annotations;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                annotations[Prefix + name] = value;
            }
        }
    }

    private static void AddMissing(List<string> environment, string variable)
    {
        string name = variable[..(variable.IndexOf('=', StringComparison.Ordinal) + 1)];
        if (!environment.Exists(other => other.StartsWith(name, StringComparison.Ordinal)))
        {
            environment.Add(variable);
        }
    }

    private static IReadOnlyList<string> RequireText(IReadOnlyList<string> texts, string what)
    {
        string? broken = texts.FirstOrDefault(text => text.Contains('\0', StringComparison.Ordinal));

        return broken is null ? texts : throw new BundleException(
            BundleErrorKind.InvalidText, $"{what} has a NUL, which no program can be told: '{Excerpt.Of(broken)}'.");
    }

    private static RuntimeIdMapping MapRoot(Func<uint> getId) => OperatingSystem.IsLinux()
        ? new RuntimeIdMapping { ContainerId = 0, HostId = getId(), Size = 1 }
        : throw new ArgumentException("A rootless bundle wants mappings of users and groups outside Linux.");

    private static void RequireMapped(
        IReadOnlyList<RuntimeIdMapping> mappings, uint id, string what, string option)
    {
        if (!mappings.Any(mapping => id >= mapping.ContainerId && id - mapping.ContainerId < mapping.Size))
        {
            throw new BundleException(
                BundleErrorKind.UnmappedUser,
                $"The {what} {id} is none of the user namespace; map it with {option}, or run the image as another.");
        }
    }
}
