package FakeGemini::Resources;

# Files, their resumable upload, and cached contents: all belong to the project
# of the key that made them.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(o pretty);

our @EXPORT_OK = qw(resource_route resource_answer foreign_resource);

use constant HOST => 'https://generativelanguage.googleapis.com';

my $version = qr/v1|v1beta|v1alpha/;

my %action = (
    'POST'   => 'create',
    'GET'    => 'get',
    'PATCH'  => 'update',
    'DELETE' => 'delete',
);


sub resource_route ($req) {
    my ($method, $path) = @$req{qw(method path)};

    if ($path =~ m{^/upload/($version)/files$}) {
        @$req{qw(version verb resource)} = ($1, 'upload', 'upload');

        # the address that a start was answered with needs no key
        $req->{authorised} = 1 if defined $req->{args}{upload_id};
        return $method eq 'POST';
    }

    if ($path =~ m{^/($version)/(files|cachedContents)(?:/([^/:]+))?$}) {
        my $does = $action{$method} // return 0;

        $does = 'list' if $does eq 'get' && !defined $3;
        @$req{qw(version resource id)} = ($1, $2, $3);
        $req->{verb} = "$2.$does";

        return defined $3 || $does =~ /^(?:list|create)$/;
    }

    return 0;
}


sub resource_answer ($app, $req) {
    return upload($app, $req) if $req->{resource} eq 'upload';

    my $store = $app->{store}{$req->{resource}} //= {};
    my $does = $req->{verb} =~ s/.*\.//r;
    my $own = sub ($item) { $item->{project} eq $req->{project} };

    if ($does eq 'list') {
        my @items = map { shown($store->{$_}) }
            grep { $own->($store->{$_}) } sort keys %$store;
        return json_answer(o($req->{resource} => \@items));
    }

    return create($app, $req, $store) if $does eq 'create';

    my $item = $store->{$req->{id}};

    return ($req->{resource} eq 'files' ? 'file403' : 'cache403',
            {file => $req->{id}}) unless $item && $own->($item);

    if ($does eq 'delete') {
        delete $store->{$req->{id}};
        return json_answer(o());
    }

    return json_answer(shown($item));
}


sub json_answer ($data) {
    return {
        status => 200,
        type   => 'application/json; charset=UTF-8',
        pieces => [pretty($data) . "\n"],
    };
}


sub create ($app, $req, $store) {
    my $id = 'fake' . ++$app->{last_id};
    my $model = ref $req->{data} eq 'HASH' ? $req->{data}{model} : undef;

    return ('bad_request', {})
        if $req->{resource} eq 'cachedContents' && !defined $model;

    my $item = $store->{$id} = {
        name    => "$req->{resource}/$id",
        project => $req->{project},
        version => $req->{version},
        model   => $model,
    };

    return json_answer(shown($item));
}


sub shown ($item) {
    my $name = $item->{name};

    return o(name => $name, model => $item->{model}) unless $name =~ /^files/;

    return o(
        name      => $name,
        mimeType  => $item->{type} // 'application/octet-stream',
        sizeBytes => '' . ($item->{size} // 0),
        uri       => HOST . "/$item->{version}/$name",
        state     => 'ACTIVE',
    );
}


# --- the resumable upload ---

sub header ($req, $name) {
    my ($pair) = grep { lc $_->[0] eq $name } @{$req->{headers}};
    return $pair ? $pair->[1] : '';
}


sub upload ($app, $req) {
    my $command = header($req, 'x-goog-upload-command');
    my $id = $req->{args}{upload_id};

    return start_upload($app, $req) if !defined $id && $command eq 'start';

    my $upload = $app->{uploads}{$id // ''}
        // return plain(404, 'Upload not found');

    return state_of($upload, 'active') if $command =~ /query/;

    if ($command =~ /cancel/) {
        delete $app->{uploads}{$id};
        return state_of($upload, 'cancelled');
    }

    return plain(400, 'Offset does not match')
        if header($req, 'x-goog-upload-offset') ne $upload->{size};

    $upload->{size} += $req->{length};
    return state_of($upload, 'active') unless $command =~ /finalize/;

    delete $app->{uploads}{$id};
    $app->{store}{files}{$upload->{id}} = $upload;

    my $answer = json_answer(o(file => shown($upload)));
    $answer->{extra_headers} = [['X-Goog-Upload-Status', 'final']];

    return $answer;
}


sub start_upload ($app, $req) {
    my $id = 'fake' . ++$app->{last_id};
    my $key = $req->{where} eq 'query' ? "key=$req->{key}&" : '';
    my $url = HOST . "/upload/$req->{version}/files?${key}"
        . "upload_id=up-$id&upload_protocol=resumable";

    $app->{uploads}{"up-$id"} = {
        id      => $id,
        name    => "files/$id",
        project => $req->{project},
        version => $req->{version},
        type    => header($req, 'x-goog-upload-header-content-type'),
        size    => 0,
    };

    return {
        status => 200,
        type   => 'text/plain; charset=utf-8',
        pieces => [],
        extra_headers => [
            ['X-Goog-Upload-Status', 'active'],
            ['X-Goog-Upload-URL', $url],
            ['X-Goog-Upload-Control-URL', $url],
            ['X-Goog-Upload-Chunk-Granularity', 8388608],
            ['X-GUploader-UploadID', "up-$id"],
        ],
    };
}


sub state_of ($upload, $state) {
    return {
        status => 200,
        type   => 'text/plain; charset=utf-8',
        pieces => [],
        extra_headers => [
            ['X-Goog-Upload-Status', $state],
            ['X-Goog-Upload-Size-Received', $upload->{size}],
        ],
    };
}


sub plain ($status, $text) {
    return {
        status => $status,
        type   => 'text/plain; charset=utf-8',
        pieces => [$text],
    };
}


# a body that names a file or cache of another project, or none
sub foreign_resource ($app, $req) {
    my $body = $req->{body} // return;

    while ($body =~ m{generativelanguage\.googleapis\.com
                      /v1\w*/files/([\w-]+)}gx)
    {
        my $file = $app->{store}{files}{$1};
        return ('file403', {file => $1})
            unless $file && $file->{project} eq $req->{project};
    }

    while ($body =~ m{"cachedContents/([\w-]+)"}g) {
        my $cache = $app->{store}{cachedContents}{$1};
        return ('cache403', {})
            unless $cache && $cache->{project} eq $req->{project};
    }

    return;
}


1;
