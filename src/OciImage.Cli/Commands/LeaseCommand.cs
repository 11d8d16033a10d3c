using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg lease</c>: keeps content of a layout from being collected for a time.</summary>
internal static class LeaseCommand
{
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(1);

    public static Command Create(CommandContext context) => new("lease", "Keep content of a layout from 'gc' for a time.")
    {
        CreateNew(context), CreateList(context), CreateAdd(context), CreateRenew(context), CreateRemove(context),
    };

    private static Command CreateNew(CommandContext context)
    {
        Argument<ImageLocation> directory = Directory();
        var id = new Option<string?>("--id") { Description = "The name of the lease; a random one by default.", HelpName = "ID" };
        Option<TimeSpan> lifetime = Lifetime();
        var labels = new Option<string[]>("--label") { Description = "A label; may be given several times.", HelpName = "N=V" };
        var command = new Command("create", "Make a lease and print its name.") { directory, id, lifetime, labels };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            try
            {
                var options = new LeaseOptions { Id = result.GetValue(id), Lifetime = ReadLifetime(result, lifetime) };
                foreach (string label in result.GetValue(labels) ?? [])
                {
                    int equals = label.IndexOf('=', StringComparison.Ordinal);
                    options.Labels[equals < 0 ? label : label[..equals]] = equals < 0 ? "" : label[(equals + 1)..];
                }

                Tell(context, result, await layout.Leases.CreateAsync(options, cancellationToken));
            }
            catch (ArgumentException exception)
            {
                throw new UsageException(exception.Message, exception);
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static Command CreateList(CommandContext context)
    {
        Argument<ImageLocation> directory = Directory();
        var command = new Command("ls", "List the leases of the namespace.") { directory };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            var leases = new List<LeaseResult>();
            await foreach (LayoutLease lease in layout.Leases.ListAsync(cancellationToken))
            {
                leases.Add(ToResult(lease));
            }

            if (result.GetValue(context.Json))
            {
                ResultWriter.WriteJson(
                    context, new LeasesResult(layout.DirectoryPath, leases), ResultJsonContext.Results.LeasesResult);
                return ExitCode.Done;
            }

            DateTimeOffset now = context.Terminal.Time.GetUtcNow();
            foreach (LeaseResult lease in leases)
            {
                string end = lease.Expires is not { } expires ? "until it is removed"
                    : expires <= now ? "ended" : $"ends in {Durations.ToText(expires - now)}";
                context.Terminal.Out.WriteLine($"{SafeText.Of(lease.Id)}  {end}  {lease.Content.Count} {(lease.Content.Count == 1 ? "piece" : "pieces")} of content");
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static Command CreateAdd(CommandContext context)
    {
        Argument<ImageLocation> directory = Directory();
        Argument<string> id = Id();
        var content = new Argument<string[]>("REF")
        {
            Description = "Tags or digests of what the lease keeps, with everything below.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("add", "Let a lease keep more content.") { directory, id, content };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            var found = new List<Descriptor>();
            foreach (string reference in result.GetRequiredValue(content))
            {
                found.Add(await layout.ResolveAsync(reference, cancellationToken));
            }

            await layout.Leases.AddAsync(result.GetRequiredValue(id), found, cancellationToken);
            return ExitCode.Done;
        });

        return command;
    }

    private static Command CreateRenew(CommandContext context)
    {
        Argument<ImageLocation> directory = Directory();
        Argument<string> id = Id();
        Option<TimeSpan> lifetime = Lifetime();
        var command = new Command("renew", "Let a lease last for this time from now on.") { directory, id, lifetime };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            await layout.Leases.RenewAsync(result.GetRequiredValue(id), ReadLifetime(result, lifetime), cancellationToken);
            return ExitCode.Done;
        });

        return command;
    }

    private static Command CreateRemove(CommandContext context)
    {
        Argument<ImageLocation> directory = Directory();
        Argument<string> id = Id();
        var command = new Command("rm", "Remove a lease; what it alone kept goes with the next 'gc'.") { directory, id };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            await layout.Leases.DeleteAsync(result.GetRequiredValue(id), cancellationToken);
            return ExitCode.Done;
        });

        return command;
    }

    private static void Tell(CommandContext context, ParseResult result, LayoutLease lease)
    {
        if (result.GetValue(context.Json))
        {
            ResultWriter.WriteJson(context, ToResult(lease), ResultJsonContext.Results.LeaseResult);
        }
        else
        {
            context.Terminal.Out.WriteLine(lease.Id);
        }
    }

    private static LeaseResult ToResult(LayoutLease lease) => new(
        lease.Namespace, lease.Id, lease.Created, lease.Expires, lease.Labels.Count == 0 ? null : lease.Labels,
        [.. lease.Content.Select(content => content.Digest.ToString())]);

    // 0 stands for no end.
    private static TimeSpan? ReadLifetime(ParseResult result, Option<TimeSpan> option) =>
        result.GetValue(option) is { Ticks: > 0 } time ? time : null;

    private static Argument<ImageLocation> Directory() => Arguments.Layout("DIR", "The layout");

    private static Argument<string> Id() => new("ID") { Description = "The name of the lease." };

    private static Option<TimeSpan> Lifetime() => Durations.Option(
        "--ttl", "How long it lasts: 90s, 30m, 24h or 7d; 0 for until it is removed.", DefaultLifetime);
}
