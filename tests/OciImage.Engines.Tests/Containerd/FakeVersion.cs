using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines.Tests;

/// <summary>How a <see cref="FakeContainerd"/> tells its version.</summary>
internal sealed class FakeVersion(FakeContainerd state) : Protocol.Version.VersionBase
{
    public override async Task<VersionResponse> Version(Empty request, ServerCallContext context)
    {
        await state.EnterAsync("Version", context);
        return new VersionResponse { Version = "v1.6.20-fake" };
    }
}
