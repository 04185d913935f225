# الفيلم. كلمات قليلة في السطر، فهي تُقرأ أثناء حركتها. وجمل film-say هي الترجمة النصية التي تحكي المشهد.

### الفصول
film-chapter-opening = فاتورتكم
film-chapter-due = المبلغ والموعد
film-chapter-credit = رصيدكم
film-chapter-usage = استهلاككم
film-chapter-neighbours = منازل مشابهة
film-chapter-why = لماذا تغيّر المبلغ
film-chapter-offer = فكرة لكم
film-chapter-tip = نصيحة
film-chapter-closing = الخطوة التالية

### الافتتاح
film-greeting = مرحبًا { $given_name }
film-title = فاتورتكم لشهر { $period_month }
film-say-opening = مرحبًا { $given_name }.
film-say-opening-more = هذه فاتورتكم لشهر { $period_month }.

### المبلغ
film-amount-label = المجموع لشهر { $period_month }
film-amount-due = آخر موعد للدفع: { $due_day }
film-amount-debit = الخصم المباشر: { $debit_day }
film-amount-credit-label = رصيد لصالحكم
film-amount-credit = لا يوجد ما يُدفع هذه المرة
film-say-due = { $total } هو مجموع فاتورتكم.
film-say-due-more = آخر موعد للدفع { $due_date }.
film-say-debit = { $total } هو مجموع فاتورتكم.
film-say-debit-more = سيُخصم من حسابكم في { $debit_date }.
film-say-credit = لديكم رصيد قدره { $total_abs } لصالحكم.
film-say-credit-more = لا يوجد ما يُدفع هذه المرة.

### الاستهلاك
film-usage-label = استهلاككم
film-usage-daily = { $daily_kwh } في اليوم
film-usage-days =
    { $days_n ->
        [zero] خلال الفترة
        [one] في يوم واحد
        [two] في يومين
        [few] في { $days } أيام
        [many] في { $days } يومًا
       *[other] في { $days } يوم
    }
film-usage-up = زيادة { $usage_change_abs } عن العام الماضي
film-usage-down = انخفاض { $usage_change_abs } عن العام الماضي
film-usage-steady = مثل العام الماضي تقريبًا
film-say-usage = بلغ استهلاككم { $usage_kwh }، بمتوسط { $daily_kwh } في اليوم.
film-say-usage-up = قبل عام كان { $last_year_kwh }، وقد زاد الآن بنسبة { $usage_change_abs }.
film-say-usage-down = قبل عام كان { $last_year_kwh }، وقد انخفض الآن بنسبة { $usage_change_abs }.
film-say-usage-steady = قبل عام كان { $last_year_kwh }، وهو قريب من استهلاككم الآن.

### منازل مشابهة
film-neighbours-label = مقارنة بمنازل مشابهة
film-neighbours-above = استهلاككم أعلى بنسبة { $neighbour_gap_abs }
film-neighbours-below = استهلاككم أقل بنسبة { $neighbour_gap_abs }
film-say-neighbours-above = متوسط استهلاك المنازل المشابهة { $neighbours_kwh }.
film-say-neighbours-above-more = استهلاككم أعلى بنسبة { $neighbour_gap_abs }.
film-say-neighbours-below = متوسط استهلاك المنازل المشابهة { $neighbours_kwh }.
film-say-neighbours-below-more = استهلاككم أقل بنسبة { $neighbour_gap_abs }.

### لماذا تغيّر
film-why-label = مقارنة بالفاتورة السابقة
film-why-up = زيادة { $bill_change_abs }
film-why-down = انخفاض { $bill_change_abs }
film-why-sum = كانت الفاتورة السابقة { $previous_total }، وهذه الفاتورة { $total }
film-effect-usage = الاستهلاك
film-effect-price = السعر
film-effect-other = البنود الأخرى
film-say-why-up = المبلغ أعلى بمقدار { $bill_change_abs } من الفاتورة السابقة.
film-say-why-down = المبلغ أقل بمقدار { $bill_change_abs } من الفاتورة السابقة.
film-say-effects = الاستهلاك: { $usage_effect }، السعر: { $price_effect }، البنود الأخرى: { $other_effect }

### الخطوة التالية
film-offer-lead = يمكن أن توفّروا نحو
film-offer-tail = في السنة
film-offer-note = تقدير بحسب استهلاككم
film-app-label = تطبيق Brezza
film-app-title = استهلاككم يومًا بيوم
film-app-body = وفواتيركم كلها في مكان واحد
film-tip-label = نصيحة
film-tip-title = غسلة كاملة الحمولة، على 30 درجة
film-tip-body = دورات أقل وماء أقل سخونة
film-say-offer-note = هذا تقدير بحسب استهلاككم، وقد يختلف التوفير الفعلي.
film-say-app = يعرض تطبيق Brezza استهلاككم يومًا بيوم.
film-say-app-more = ويحفظ فواتيركم كلها في مكان واحد.
film-say-tip = نصيحة: اغسلوا بحمولة كاملة وعلى 30 درجة.
film-say-tip-more = فتسخين الماء هو الأكثر استهلاكًا للطاقة.

### الختام: كلمات الزر هي كلمات الصفحة
film-closing-due = يمكنكم الدفع عبر الإنترنت من صفحتكم
film-closing-due-body = آخر موعد للدفع: { $due_day }
film-closing-debit = لا يلزم أي إجراء منكم
film-closing-debit-body = الخصم المباشر: { $debit_day }
film-closing-credit = الرصيد محفوظ لكم
film-closing-credit-body = نخصمه من فواتيركم القادمة
film-say-closing-due = للدفع، استخدموا الزر في صفحتكم.
film-say-closing-due-more = آخر موعد للدفع { $due_date }. شكرًا لكم.
film-say-closing-debit = لا يلزم أي إجراء منكم.
film-say-closing-debit-more = تفاصيل الخصم المباشر في صفحتكم.
film-say-closing-credit = نخصم الرصيد من فواتيركم القادمة.
film-say-closing-credit-more = أو نحوّله إلى حسابكم إن رغبتم.
