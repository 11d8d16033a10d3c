using System.CommandLine;
using System.Reflection;

namespace OciImage.Cli.Commands;

/// <summary>Puts the commands together.</summary>
internal static class CommandTree
{
    public static string Version { get; } =
        typeof(CommandTree).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static RootCommand Create(CommandContext context)
    {
        var root = new RootCommand("Copies, inspects, checks, unpacks, builds and serves container images without a daemon.")
        {
            CopyCommand.Create(context),
            PullCommand.Create(context),
            PushCommand.Create(context),
            InspectCommand.Create(context),
            DigestCommand.Create(context),
            TagsCommand.Create(context),
            ListCommand.Create(context),
            TagCommand.Create(context),
            UntagCommand.Create(context),
            LabelCommand.Create(context),
            CatalogCommand.Create(context),
            ReferrersCommand.Create(context),
            DeleteCommand.Create(context),
            GarbageCommand.Create(context),
            LeaseCommand.Create(context),
            NamespaceCommand.Create(context),
            ManifestCommand.Create(context),
            BlobCommand.Create(context),
            UnpackCommand.Create(context),
            ListFilesCommand.Create(context),
            CatCommand.Create(context),
            FlattenCommand.Create(context),
            CheckCommand.Create(context),
            BuildCommand.Create(context),
            ExportCommand.Create(context),
            ImportCommand.Create(context),
            ServeCommand.Create(context),
            LoginCommand.Create(context),
            LogoutCommand.Create(context),
            CompletionCommand.Create(context),
        };
        context.AddTo(root);
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction();

        return root;
    }
}
